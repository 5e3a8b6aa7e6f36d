import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { ReadyQueue } from "./ready-queue.ts";

test("hands out what it holds by time, then session, then request", () => {
  const entry = fc.record({ time: fc.nat(5), session: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(fc.oneof(entry, fc.constant("pop" as const))), (steps) => {
      const queue = new ReadyQueue();
      const model: { time: number; session: number; request: number }[] = [];
      for (const [request, step] of steps.entries()) {
        if (step !== "pop") {
          queue.push(step.time, step.session, request);
          model.push({ ...step, request });
        } else if (model.length > 0) {
          model.sort((a, b) => a.time - b.time || a.session - b.session || a.request - b.request);
          expect(queue.nextTime).toBe(model[0]!.time);
          expect(queue.pop()).toBe(model.shift()!.request);
        } else expect(queue.nextTime).toBe(Infinity);
      }
    }),
  );
});
