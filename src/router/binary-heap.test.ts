import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { BinaryHeap } from "./binary-heap.ts";

test("hands out what it holds in order, whatever was put in and taken out meanwhile", () => {
  const step = fc.oneof(fc.record({ put: fc.nat(9) }), fc.record({ remove: fc.nat(9) }), fc.constant("pop" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      type Entry = readonly [key: number, sequence: number];
      const inOrder = ([a, i]: Entry, [b, j]: Entry) => a - b || i - j;
      const heap = new BinaryHeap<Entry>((a, b) => inOrder(a, b) < 0);
      const model: Entry[] = [];
      for (const [sequence, what] of steps.entries()) {
        if (what === "pop") expect(heap.pop()).toEqual(model.shift());
        else if ("put" in what) {
          heap.push([what.put, sequence]);
          model.push([what.put, sequence]);
          model.sort(inOrder);
        } else {
          const removed = heap.remove(([key]) => key === what.remove);
          const at = model.findIndex((entry) => entry[1] === removed?.[1]);
          expect(removed).toEqual(model[at]);
          if (removed === undefined) expect(model.some(([key]) => key === what.remove)).toBe(false);
          else model.splice(at, 1);
        }
        expect(heap.length).toBe(model.length);
        expect(heap.first).toEqual(model[0]);
      }
    }),
  );
});
