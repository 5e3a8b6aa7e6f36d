import * as fc from "../../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { TierStore } from "./tier-store.ts";

test("drops the content used longest ago, and never one a transfer uses", () => {
  const store = new TierStore(2);
  for (const key of [1, 2]) {
    expect(store.reserve(key)).toBe(true);
    store.land(key);
  }
  store.pin(1);
  expect(store.reserve(3)).toBe(true);
  expect([1, 2, 3].map((key) => store.has(key))).toEqual([true, false, true]);
  // 1 is read, 3 is on its way: there is no room.
  expect(store.room).toBe(0);
  expect(store.reserve(4)).toBe(false);
  expect(store.isReadable(3)).toBe(false);
  store.unpin(1);
  expect(store.reserve(4)).toBe(true);
  expect(store.has(1)).toBe(false);
  expect(store.evictions).toBe(2);
});

test("holds at most its capacity, pinned ones for certain", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 9 })), { maxLength: 80 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), steps, (capacity, list) => {
      const store = new TierStore(capacity);
      const pending = new Set<number>();
      const pinned = new Map<number, number>();
      for (const [what, key] of list) {
        if (what === 0 && !store.has(key)) {
          const room = store.room;
          expect(store.reserve(key)).toBe(room > 0);
          if (room > 0) pending.add(key);
        } else if (what === 1 && pending.delete(key)) store.land(key);
        else if (what === 2 && store.isReadable(key)) {
          const pins = pinned.get(key) ?? 0;
          if (pins > 1) {
            for (let i = 0; i < pins; i++) store.unpin(key);
            pinned.delete(key);
          } else {
            store.pin(key);
            pinned.set(key, pins + 1);
          }
        }
        expect(store.size).toBeLessThanOrEqual(capacity);
        for (const kept of [...pending, ...pinned.keys()]) expect(store.has(kept)).toBe(true);
        expect(store.room).toBe(capacity - new Set([...pending, ...pinned.keys()]).size);
      }
    }),
  );
});
