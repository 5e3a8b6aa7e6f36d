import { describe, expect, test } from "vitest";
import { RequestStatus } from "../src/metrics/request-ledger.ts";
import type { Observation, Planner } from "../src/planner/planner.ts";
import { smallRun } from "./small-run.ts";

/** Scaling as ai-dynamo 1.4.2 does it (engine-reference §11), for small hand-made traces. */

/** Asks for a number of workers at given ticks, and keeps what it saw. */
class Script implements Planner {
  readonly seen: Observation[] = [];
  private readonly intervalSeconds: number;
  private readonly targets: ReadonlyMap<number, number>;

  constructor(intervalSeconds: number, targets: ReadonlyMap<number, number>) {
    this.intervalSeconds = intervalSeconds;
    this.targets = targets;
  }

  firstTickSeconds(): number {
    return this.intervalSeconds;
  }

  onTick(observation: Observation) {
    this.seen.push(observation);
    const tick = Math.round(observation.nowSeconds / this.intervalSeconds);
    const target = this.targets.get(tick);
    return {
      replicas: target === undefined ? {} : { agg: target },
      nextTickSeconds: (tick + 1) * this.intervalSeconds,
    };
  }
}

describe("27 scaling", () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ at: i * 20, input: 1000, output: 50 }));

  test("workers start, serve, drain and are billed for all of it", async () => {
    const planner = new Script(
      0.1,
      new Map([
        [2, 3],
        [6, 1],
      ]),
    );
    const { outcome, result } = await smallRun(rows, { engine: { startup_time: 0.25 }, change: { planner } });
    const ids = (state: "activeIds" | "startingIds" | "drainingIds", tick: number) =>
      planner.seen[tick - 1]!.pools.agg![state];
    for (const tick of [3, 4]) expect(ids("startingIds", tick)).toEqual([1, 2]);
    for (const tick of [5, 6]) expect(ids("activeIds", tick)).toEqual([0, 1, 2]);
    for (const tick of [7, 8, 9]) expect(ids("drainingIds", tick)).toEqual([1, 2]);
    expect([ids("activeIds", 10), ids("drainingIds", 10)]).toEqual([[0], []]);
    expect(result.decode_worker_seconds).toBeCloseTo(3.164407, 6);
    expect(result.duration_ms).toBeCloseTo(1726.675379, 4);
    expect(result.gpu_hours).toBeCloseTo(3.164407 / 3600, 9);
    expect(outcome.ledger.status.every((status) => status === RequestStatus.completed)).toBe(true);
  });

  test("28 every offered request is in exactly one window", async () => {
    const planner = new Script(0.1, new Map());
    await smallRun(rows, { change: { planner } });
    expect(planner.seen.reduce((sum, { traffic }) => sum + traffic.offeredRequests, 0)).toBe(60);
    expect(planner.seen[0]!.traffic.durationSeconds).toBeCloseTo(0.1, 12);
  });

  test("a worker that is never ready is billed and never serves", async () => {
    const planner = new Script(0.1, new Map([[2, 2]]));
    const { result, requests } = await smallRun(rows, { engine: { startup_time: 100 }, change: { planner } });
    expect(new Set(requests.map(({ worker }) => worker))).toEqual(new Set([0]));
    const [first, second] = result.workers;
    expect(second!.ready_s).toBeNull();
    expect(result.decode_worker_seconds).toBeCloseTo(first!.gone_s + second!.gone_s - 0.2, 9);
  });

  test("no worker at all for a while: requests wait", async () => {
    const planner = new Script(
      0.1,
      new Map([
        [1, 0],
        [10, 1],
      ]),
    );
    const { requests } = await smallRun(rows, { change: { planner } });
    expect(requests.every(({ status }) => status === RequestStatus.completed)).toBe(true);
    expect(Math.max(...requests.map(({ worker }) => worker))).toBe(1);
  });

  test("28 the router's hit rate reaches the planner", async () => {
    const planner = new Script(0.1, new Map());
    const alike = Array.from({ length: 12 }, (_, i) => ({ at: i * 20, input: 1024, output: 5, ids: [0, 1] }));
    const flags = ["--num-workers", "2", "--router-mode", "kv_router"];
    // The second prompt ties; going to the other worker it finds nothing there either, as in the reference's run.
    let turn = 0;
    const choose = (costs: readonly number[]) => {
      const ties = costs.flatMap((cost, i) => (cost === Math.min(...costs) ? [i] : []));
      return ties[turn++ % ties.length]!;
    };
    await smallRun(alike, { flags, change: { planner, targetChoice: { aggregated: { choose } } } });
    const windows = planner.seen.map(({ traffic }) => [traffic.meanKvHitRate, traffic.kvHitRateCount]);
    expect(windows[0]![0]).toBeCloseTo(2 / 3, 4);
    expect(windows[0]![1]).toBe(6);
    expect(windows[1]).toEqual([1, 5]);
  });

  test.each([
    ["none", () => null, 0],
    ["not finite", () => NaN, 0],
  ])("28 a first tick that is %s means no ticks", async (_, firstTickSeconds, ticks) => {
    const planner: Planner = { firstTickSeconds, onTick: () => ({ replicas: {}, nextTickSeconds: null }) };
    const { outcome } = await smallRun(rows, { change: { planner } });
    expect(outcome.ticks).toHaveLength(ticks);
  });

  test("28 a next tick that is not later ends the ticking", async () => {
    const planner: Planner = {
      firstTickSeconds: () => 0.1,
      onTick: ({ nowSeconds }) => ({ replicas: {}, nextTickSeconds: nowSeconds }),
    };
    const { outcome } = await smallRun(rows, { change: { planner } });
    expect(outcome.ticks).toHaveLength(1);
  });
});
