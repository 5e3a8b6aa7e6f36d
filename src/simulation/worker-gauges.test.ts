import { expect, it } from "vitest";
import { emptyForwardPass, type ForwardPass } from "../engine/forward-pass.ts";
import type { PassByPassWorker } from "../engine/pass-by-pass/pass-by-pass-worker.ts";
import { WorkerPool } from "../fleet/worker-pool.ts";
import type { WatchedRequests } from "./request-watch.ts";
import { GaugeReader } from "./worker-gauges.ts";

const second = 1e9;
const held = { inFlight: 3, awaitingFirstToken: 1, awaitingInputTokens: 500 };
const requests = { held: () => held } as unknown as WatchedRequests;

/** A pool of one worker of two ranks with ten blocks each, which can be told what it does. */
function gauged() {
  const worker = { inSystem: 3, busyNs: 0, busyUntilNs: 0, passes: 0, prefillTokens: 0, requests: 0 };
  const passes: (ForwardPass | null)[] = [null, null];
  const pool = new WorkerPool(
    "agg",
    1,
    0,
    () =>
      Object.assign(worker, {
        lastPassEndedBy: (_: number, __: number, rank: number) => passes[rank]!,
      }) as unknown as PassByPassWorker,
  );
  pool.addReady(1, 0);
  const reader = new GaugeReader(2, 10);
  const read = (sinceNs: number, atNs: number) => reader.read(pool, requests, sinceNs, atNs)[0]!;
  return { worker, passes, pool, read };
}

it("the gauges of a worker are of the last passes of its ranks", () => {
  const { worker, passes, pool, read } = gauged();
  const pass = emptyForwardPass();
  passes[0] = { ...pass, numPrefillRequests: 1, numDecodeRequests: 2, numQueuedPrefill: 4, activeBlocks: 5 };
  passes[1] = { ...pass, numDecodeRequests: 3, numQueuedDecode: 1, activeBlocks: 9 };
  expect(read(0, second)).toEqual({
    id: 0,
    state: "active",
    ...held,
    running: 6,
    waiting: 5,
    kvUtilisation: 0.7,
    busyShare: 0,
  });
  passes[1] = { ...pass, activeBlocks: 30 };
  expect(read(second, 2 * second)).toMatchObject({ kvUtilisation: 1 });
  pool.resize(0, 2 * second);
  expect(read(second, 2 * second).state).toBe("draining");
  // One that has nothing left shows nothing, whatever its last pass was.
  Object.assign(worker, { inSystem: 0, busyUntilNs: 2.5 * second });
  expect(read(second, 2 * second)).toMatchObject({ running: 3 });
  expect(read(2 * second, 3 * second)).toMatchObject({ running: 0, waiting: 0, kvUtilisation: 0 });
});

it("a worker has been busy for the part of a pass that lies before the tick, since the tick before", () => {
  const { worker, read } = gauged();
  Object.assign(worker, { busyNs: 8 * second, busyUntilNs: 12 * second });
  expect(read(0, 10 * second).busyShare).toBeCloseTo(0.6, 12);
  Object.assign(worker, { busyNs: 9 * second, busyUntilNs: 13 * second });
  expect(read(10 * second, 20 * second).busyShare).toBeCloseTo(0.3, 12);
  expect(read(20 * second, 30 * second).busyShare).toBe(0);
  expect(read(30 * second, 30 * second).busyShare).toBe(0);
});

it("a worker's share is of the time since it was ready", () => {
  const { worker, pool, read } = gauged();
  pool.active[0]!.readyNs = 6 * second;
  Object.assign(worker, { busyNs: 3 * second, busyUntilNs: 9 * second });
  expect(read(0, 10 * second).busyShare).toBeCloseTo(0.75, 12);
});
