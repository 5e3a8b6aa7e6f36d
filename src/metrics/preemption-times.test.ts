import { expect, test } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import { PreemptionTimes } from "./preemption-times.ts";

test("waits of a request add up, and only those that ended count", () => {
  const times = new PreemptionTimes();
  times.onReadmitted(3, 5);
  expect(times.all()).toEqual([]);
  times.onPreempted(3, 10);
  times.onPreempted(3, 12);
  times.onReadmitted(3, 25);
  times.onPreempted(3, 30);
  times.onReadmitted(3, 31);
  times.onPreempted(4, 40);
  expect(times.all()).toEqual([[3, 16]]);
  expect([times.waitedNs(3), times.waitedNs(4)]).toEqual([16, 0]);
});

test.each(["auto", "pass-by-pass"] as const)("the slowest requests tell their waits (%s)", async (implementation) => {
  // Two requests that fit together only at first: the younger gives way until the older is done.
  const rows = [0, 1].map((at) => ({ at, input: 600, output: 300 }));
  const engine = { num_gpu_blocks: 24, block_size: 64 };
  const { result, requests } = await smallRun(rows, { engine, implementation });
  const [younger, older] = [1, 0].map((index) => result.worst_requests.find(({ request }) => request === index)!);
  expect(older!.preempted_ms).toBe(0);
  expect(younger!.preempted_ms).toBeGreaterThan(0);
  expect(younger!.preempted_ms).toBeLessThan(younger!.decode_ms!);
  // It came back when the older one left.
  expect(requests[1]!.first + younger!.preempted_ms!).toBeLessThan(requests[0]!.last);
});
