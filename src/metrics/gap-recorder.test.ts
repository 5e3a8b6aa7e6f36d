import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { GapRecorder } from "./gap-recorder.ts";

const gap = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }));

test("keeps every gap with its count, ascending and merged", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, fc.integer({ min: 1, max: 9 })), { maxLength: 3000 }), (gaps) => {
      const recorder = new GapRecorder();
      const expected = new Map<number, number>();
      for (const [gapNs, count] of gaps) {
        recorder.add(gapNs, count);
        expected.set(gapNs, (expected.get(gapNs) ?? 0) + count);
      }
      const { gapNs, weight } = recorder.sorted();
      const ascending = [...expected].toSorted((a, b) => a[0] - b[0]);
      expect([...gapNs].map((value, i) => [value, weight[i]])).toEqual(ascending);
    }),
  );
});

test("memory follows the distinct gaps, not the number of additions", () => {
  const recorder = new GapRecorder();
  // Counts of one of the gaps outgrow 32 bits when they are merged.
  const heavy = (7 * 7919) % 1000;
  for (let i = 0; i < 5_000_000; i++) {
    const gapNs = (i * 7919) % 1000;
    recorder.add(gapNs, gapNs === heavy ? 2 ** 31 : 2);
  }
  const { gapNs, weight } = recorder.sorted();
  expect(gapNs.length).toBe(1000);
  const kept = recorder
    .recorded()
    .short.reduce((bytes, chunk) => bytes + chunk.gapNs.byteLength + chunk.weight.byteLength, 0);
  expect(kept).toBeLessThanOrEqual(8 * (1 << 22) + 8 * (1 << 16));
  expect(weight.reduce((sum, count) => sum + count, 0)).toBe(4_995_000 * 2 + 5000 * 2 ** 31);
});

test("distinct gaps that fill their chunks leave room for what comes after", () => {
  const recorder = new GapRecorder();
  const [distinct, additions] = [1 << 16, (1 << 22) + 5];
  for (let i = 0; i < additions; i++) recorder.add(i % distinct, 1);
  const { gapNs, weight } = recorder.sorted();
  expect(gapNs.length).toBe(distinct);
  expect(weight.reduce((sum, count) => sum + count, 0)).toBe(additions);
});

test("goes on counting after the sorted view was taken", () => {
  const recorder = new GapRecorder();
  recorder.add(3, 1);
  recorder.sorted();
  recorder.add(1, 1);
  recorder.add(3, 4);
  const { gapNs, weight } = recorder.sorted();
  expect([...gapNs]).toEqual([1, 3]);
  expect([...weight]).toEqual([1, 5]);
});

test("counts beyond 32 bits are kept", () => {
  const recorder = new GapRecorder();
  recorder.add(7, 2 ** 33 + 5);
  recorder.add(2 ** 40, 2 ** 34 - 1);
  recorder.add(2 ** 40, 1);
  const { gapNs, weight } = recorder.sorted();
  expect([...gapNs]).toEqual([7, 2 ** 40]);
  expect([...weight]).toEqual([2 ** 33 + 5, 2 ** 34]);
});
