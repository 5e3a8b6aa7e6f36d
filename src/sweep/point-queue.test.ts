import { expect, test } from "vitest";
import { PointQueue } from "./point-queue.ts";
import type { SweepPoint } from "./sweep-plan.ts";

/** A point a prompt length given. */
const points = (...lengths: number[]): SweepPoint[] =>
  lengths.map((length, index) => ({ index, values: { length }, repeat: 0 }));

const queueOf = (...lengths: number[]) =>
  new PointQueue(points(...lengths), ({ values }) => ({
    inputTokens: values["length"] as number,
    outputTokens: 1,
    requestCount: 3,
    requestRate: 1,
  }));

test("points that replay the same requests come behind each other, and read them once", async () => {
  const queue = queueOf(100, 200, 100, 200, 100);
  const taken = Array.from({ length: queue.length }, () => queue.take()!);
  expect(queue.take()).toBeNull();
  expect(taken.map(({ point }) => point.index)).toEqual([0, 2, 4, 1, 3]);
  expect(new Set(taken.slice(0, 3).map(({ loading }) => loading)).size).toBe(1);
  expect(new Set(taken.slice(3).map(({ loading }) => loading)).size).toBe(1);
  const lengths = await Promise.all(
    taken.map(async ({ loading }) => {
      const workload = await loading;
      return typeof workload === "string" ? workload : workload.trace.inputLength[0];
    }),
  );
  expect(lengths).toEqual([100, 100, 100, 200, 200]);
});

test("the only requests of a sweep are read before the first point is taken, and not again", () => {
  const queue = queueOf(100, 100);
  const loading = queue.readTheOnly();
  expect(queue.take()!.loading).toBe(loading);
  expect(queue.take()!.loading).toBe(loading);
  expect(queueOf(100, 200).readTheOnly()).toBeNull();
  expect(queueOf().readTheOnly()).toBeNull();
});

test("requests that cannot be read fail the runs that need them, or the whole sweep where those are all", async () => {
  const absent = (index: number) => ({ index, values: {}, repeat: 0 });
  const options = (index: number) => ({ trace: `no/such/trace-${index}.jsonl` });
  const several = new PointQueue([absent(0), absent(1)], ({ index }) => options(index));
  expect(await several.take()!.loading).toContain("trace-0.jsonl");
  const only = new PointQueue([absent(0)], ({ index }) => options(index));
  await expect(only.readTheOnly()).rejects.toThrow("trace-0.jsonl");
});
