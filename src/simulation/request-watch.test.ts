import { describe, expect, it } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import type { SmallRow } from "../../test/small-run.ts";
import { kvRouterDefaults } from "../router/kv-router-settings.ts";
import type { ClientBehaviour } from "../workload/client-behaviour.ts";
import type { Observation, Planner, Targets } from "../planner/planner.ts";

/** Asks for nothing, remembers what it sees. */
class Onlooker implements Planner {
  readonly seen: Observation[] = [];
  private readonly steps: Readonly<Record<number, Targets["replicas"]>>;

  constructor(steps: Readonly<Record<number, Targets["replicas"]>> = {}) {
    this.steps = steps;
  }

  firstTickSeconds(): number {
    return 1;
  }

  onTick(observation: Observation): Targets {
    this.seen.push(structuredClone(observation));
    const { nowSeconds } = observation;
    return { replicas: this.steps[nowSeconds] ?? {}, nextTickSeconds: nowSeconds + 1 };
  }
}

const rows: SmallRow[] = Array.from({ length: 60 }, (_, i) => ({
  at: i * 120,
  input: 2000 + 37 * i,
  output: 40 + (i % 7) * 30,
}));

describe.each(["auto", "pass-by-pass"] as const)("what a planner sees of the requests (%s)", (implementation) => {
  const engine = { num_gpu_blocks: 2048, block_size: 64, max_num_seqs: 4 };

  it("adds up: every request arrives and is answered in exactly one window", async () => {
    const planner = new Onlooker();
    const { requests } = await smallRun(rows, { engine, implementation, change: { planner } });
    const last = planner.seen.at(-1)!.nowSeconds;
    const all = <T>(pick: (seen: Observation) => readonly T[]): T[] => planner.seen.flatMap((seen) => [...pick(seen)]);
    const before = (time: (one: (typeof requests)[number]) => number) =>
      requests.filter((one) => time(one) <= last * 1000);
    const offered = planner.seen.reduce((sum, seen) => sum + seen.frontEnd.offeredInputTokens, 0);
    expect(offered).toBe(rows.reduce((sum, { input }) => sum + input, 0));
    const micros = (ms: number): number => Math.round(ms * 1000);
    const answered = all(({ frontEnd: { firstTokens } }) => firstTokens).map(({ ttftMs }) => micros(ttftMs));
    expect(answered.toSorted((a, b) => a - b)).toEqual(
      before(({ first }) => first)
        .map(({ ttft }) => micros(ttft))
        .toSorted((a, b) => a - b),
    );
    expect(answered.length).toBeGreaterThan(50);
  });

  it("counts those under way as of the tick, worker by worker", async () => {
    const planner = new Onlooker({ 2: { agg: 2 }, 6: { agg: 1 } });
    const { requests } = await smallRun(rows, { engine, implementation, change: { planner } });
    for (const { nowSeconds, frontEnd: activity, pools } of planner.seen) {
      const now = nowSeconds * 1000;
      const underWay = requests.filter(({ arrival, last }) => arrival <= now && last > now);
      const waiting = underWay.filter(({ first }) => first > now);
      expect(activity.inFlight).toBe(underWay.length);
      expect(activity.awaitingFirstToken).toBe(waiting.length);
      const oldest = Math.min(now, ...waiting.map(({ arrival }) => arrival));
      expect(activity.oldestAwaitingSeconds).toBeCloseTo((now - oldest) / 1000, 9);
      expect(pools.agg!.inFlight).toBe(underWay.length);
      const spent = requests.map(({ arrival, last }) =>
        Math.max(0, Math.min(last, now) - Math.max(arrival, now - 1000)),
      );
      expect(pools.agg!.meanInFlight).toBeCloseTo(spent.reduce((sum, ms) => sum + ms, 0) / 1000, 6);
      const workers = pools.agg!.workers;
      for (const gauges of workers) {
        expect(gauges.inFlight).toBe(underWay.filter(({ worker }) => worker === gauges.id).length);
        expect(gauges.busyShare).toBeGreaterThanOrEqual(0);
        expect(gauges.busyShare).toBeLessThanOrEqual(1);
        expect(gauges.running).toBeLessThanOrEqual(4);
      }
      expect(workers.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(underWay.length);
    }
    const { workers } = planner.seen[5]!.pools.agg!;
    expect(workers.map(({ state }) => state)).toEqual(["active", "active"]);
    expect(planner.seen[6]!.pools.agg!.workers.map(({ id, state }) => [id, state])).toEqual([
      [0, "active"],
      [1, "draining"],
    ]);
    expect(Math.max(...planner.seen.map(({ pools }) => pools.agg!.workers[0]!.waiting))).toBeGreaterThan(0);
    expect(Math.max(...planner.seen.map(({ pools }) => pools.agg!.workers[0]!.kvUtilisation))).toBeGreaterThan(0.02);
  });

  it("shows requests nobody has taken", async () => {
    const planner = new Onlooker({ 1: { agg: 0 }, 3: { agg: 1 } });
    await smallRun(rows, { engine, implementation, change: { planner } });
    const [, second, third, fourth] = planner.seen.map(({ frontEnd }) => frontEnd.atRouter);
    expect([second, third, fourth]).toEqual([8, 17, 0]);
  });
});

it("tells prefill from decode workers in a disaggregated run", async () => {
  const planner = new Onlooker();
  const engine = { num_gpu_blocks: 2048, block_size: 64, max_num_seqs: 4 };
  await smallRun(rows, { disaggregated: {}, engine, semantics: "current", change: { planner } });
  for (const { pools, frontEnd } of planner.seen) {
    const prefill = pools.prefill!.workers.reduce((sum, { inFlight }) => sum + inFlight, 0);
    const decode = pools.decode!.workers.reduce((sum, { inFlight }) => sum + inFlight, 0);
    expect(prefill + decode).toBe(frontEnd.inFlight);
    expect([pools.prefill!.inFlight, pools.decode!.inFlight]).toEqual([prefill, decode]);
  }
  expect(planner.seen.some(({ pools }) => pools.decode!.workers[0]!.inFlight > 0)).toBe(true);
  expect(planner.seen.some(({ pools }) => pools.prefill!.workers[0]!.awaitingFirstToken > 0)).toBe(true);
});

it("shows a prompt that its decode worker computes there, not before a prefill worker", async () => {
  const planner = new Onlooker();
  const conditionalDisaggregation = {
    policy: "isl_bounding",
    uncachedTokens: Infinity,
    uncachedShare: Infinity,
    prefillBusyShare: null,
    decodeBusyShare: null,
  } as const;
  const kvRouter = { ...kvRouterDefaults, conditionalDisaggregation };
  const { outcome } = await smallRun(rows, {
    disaggregated: {},
    semantics: "current",
    change: { planner, routerMode: "kv_router", kvRouter },
  });
  expect([...outcome.handoffs!.prefillWorkerIndex].every((worker) => worker === -1)).toBe(true);
  expect(Math.max(...planner.seen.map(({ frontEnd }) => frontEnd.awaitingFirstToken))).toBeGreaterThan(0);
  for (const { pools, frontEnd } of planner.seen) {
    expect(frontEnd.atRouter).toBe(0);
    expect(pools.prefill!.inFlight).toBe(0);
    expect(pools.decode!.inFlight).toBe(frontEnd.inFlight);
    expect(pools.decode!.workers[0]!.awaitingFirstToken).toBe(frontEnd.awaitingFirstToken);
  }
});

const impatient: ClientBehaviour = {
  timeoutMs: 1500,
  firstTokenTimeoutMs: null,
  cancelShare: 0,
  cancelAfterMs: 1000,
  maxRetries: 3,
  retryOn: ["timeout"],
  backoffMs: 100,
  backoffFactor: 1,
  maxBackoffMs: 1000,
  jitter: 0,
};

it("counts a request whose client tries again once, and never those that were given up", async () => {
  const planner = new Onlooker();
  const { outcome } = await smallRun(rows, {
    engine: { num_gpu_blocks: 2048, block_size: 64, max_num_seqs: 2 },
    semantics: "current",
    change: { planner, client: impatient },
  });
  expect(outcome.disruptions?.retries).toBeGreaterThan(5);
  const { arrivalNs, terminalNs } = outcome.ledger;
  for (const { nowSeconds, pools, frontEnd } of planner.seen) {
    // Those waiting to try again are with nobody.
    const unfinished = rows.filter(
      (_, i) => arrivalNs[i]! <= nowSeconds * 1e9 && !(terminalNs[i]! <= nowSeconds * 1e9),
    );
    expect(frontEnd.inFlight).toBeLessThanOrEqual(unfinished.length);
    expect(pools.agg!.inFlight).toBe(frontEnd.inFlight);
  }
});
