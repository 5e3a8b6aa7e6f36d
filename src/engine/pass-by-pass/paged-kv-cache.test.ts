import * as fc from "../../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { PagedKvCache } from "./paged-kv-cache.ts";

const capacity = 6;
const keySpan = 5;
const step = fc.record({
  kind: fc.constantFrom("take", "take", "drop", "share"),
  key: fc.nat(keySpan - 1),
  which: fc.nat(20),
});

/** Blocks as a list of what holds them: the plainest account of a paged cache. */
interface ModelBlock {
  readonly block: number;
  readonly key: number;
  references: number;
  releasedAt: number;
}

test("blocks are conserved, only the oldest released are evicted, and a look-up finds exactly what is resident", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const cache = new PagedKvCache(capacity, true, keySpan);
      let resident: ModelBlock[] = [];
      let now = 0;
      for (const { kind, key, which } of steps) {
        now++;
        const held = resident.filter(({ references }) => references > 0);
        if (kind === "take" && cache.availableBlocks > 0) {
          if (resident.length === capacity) {
            const cached = resident.filter(({ references }) => references === 0);
            const oldest = cached.reduce((a, b) => (a.releasedAt < b.releasedAt ? a : b));
            resident = resident.filter((other) => other !== oldest);
          }
          const block = cache.allocate();
          expect(
            resident.some((other) => other.block === block),
            "a block in use was handed out",
          ).toBe(false);
          cache.register(block, key);
          resident.push({ block, key, references: 1, releasedAt: 0 });
        } else if (kind === "drop" && held.length > 0) {
          const dropped = held[which % held.length]!;
          cache.release(dropped.block);
          if (--dropped.references === 0) dropped.releasedAt = now;
        } else if (kind === "share") {
          const copies = resident.filter((other) => other.key === key);
          // The oldest copy answers.
          expect(cache.find(key)).toBe(copies[0]?.block ?? -1);
          if (copies.length > 0) {
            cache.acquire(copies[0]!.block);
            copies[0]!.references++;
          }
        }
        const active = resident.filter(({ references }) => references > 0).length;
        expect(cache.activeBlocks).toBe(active);
        expect(cache.availableBlocks).toBe(capacity - active);
        for (const { block, references } of resident) expect(cache.isReferenced(block)).toBe(references > 0);
        cache.checkInvariants();
      }
    }),
    { numRuns: 300 },
  );
});
