import { array, assert, nat, property } from "../../../test/seeded-properties.ts";
import { expect, it } from "vitest";
import { FinishHeap } from "./finish-heap.ts";

it("hands out requests by the pass they finish in", () => {
  assert(
    property(array(nat(1000), { maxLength: 300 }), (passes) => {
      const heap = new FinishHeap();
      for (const [request, pass] of passes.entries()) heap.push(pass, request);
      const popped: number[] = [];
      while (heap.size > 0) {
        const pass = heap.firstPass;
        const request = heap.pop();
        expect(passes[request]).toBe(pass);
        popped.push(request);
      }
      expect(popped.map((request) => passes[request])).toEqual(passes.toSorted((a, b) => a - b));
      expect(new Set(popped).size).toBe(passes.length);
    }),
  );
});
