import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { FinishedQueue } from "./finished-queue.ts";

test("hands out requests by time, equal times in the order of report, over many refills", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(20)), { maxLength: 4000, size: "max" }), (steps) => {
      const queue = new FinishedQueue();
      const model: { atNs: number; request: number }[] = [];
      for (const [request, atNs] of steps.entries()) {
        if (atNs !== null) {
          queue.push(request, atNs);
          model.push({ atNs, request });
          model.sort((a, b) => a.atNs - b.atNs || a.request - b.request);
        } else if (model.length > 0) {
          expect(queue.nextNs).toBe(model[0]!.atNs);
          expect(queue.pop()).toBe(model.shift()!.request);
        } else expect(queue.nextNs).toBe(Infinity);
      }
    }),
    { numRuns: 20 },
  );
});
