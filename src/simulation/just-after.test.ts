import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { justAfter } from "./just-after.ts";

test("is the next double, whatever the last digits", () => {
  const bits = new DataView(new ArrayBuffer(8));
  const next = (x: number) => {
    bits.setFloat64(0, x);
    bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
    return bits.getFloat64(0);
  };
  // 1.6 s as a sum of eight times 0.2 s is one double short of it.
  for (const ns of [0, 1, 2 ** 31, 2 ** 31 - 2 ** -22, 1_599_999_999.999_999_8, 1.6e9, 1e15]) {
    expect(justAfter(ns)).toBe(next(ns));
  }
  const times = fc.double({ min: 2 ** -1000, max: 1e18, noNaN: true });
  fc.assert(fc.property(times, (ns) => justAfter(ns) === next(ns)));
});
