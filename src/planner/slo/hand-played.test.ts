import { describe, expect, it } from "vitest";
import { frontEnd, observation, pool, published, quietWindow } from "../../../test/planner-fixtures.ts";
import type { PlannedPass, PolicyPool } from "../policy.ts";
import { AttainableRequests } from "./attainable-requests.ts";
import { PassTimeRatio } from "./pass-time-ratio.ts";
import { PoolSizer, type PoolSize } from "./pool-sizer.ts";
import { poolSla, twinEngine } from "./pool-twin.ts";
import { RequestSample } from "./request-sample.ts";
import { SloPlanner } from "./slo-planner.ts";
import { Twin } from "./twin.ts";
import type { TwinEngine, TwinRequests } from "./twin-server.ts";

/** A millisecond for each prompt token computed, ten for each request that decodes. */
const passMs = ({ prefillTokens, decodeRequests }: PlannedPass) => prefillTokens + 10 * decodeRequests;
const engine: TwinEngine = {
  passMs,
  maxSequences: 8,
  maxBatchedTokens: 100,
  kvCapacityTokens: 1000,
  ranks: 1,
};
const once = { slowness: 1, tokensPerPass: 1 };
const anyTime = { ttftMs: Infinity, itlMs: Infinity };

/** Requests as [arrival s, prompt, output, cached]. */
function requests(rows: readonly (readonly [number, number, number, number?])[], judgeFromSeconds = 0): TwinRequests {
  const column = (of: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, of);
  return {
    count: rows.length,
    distinct: rows.length,
    numbers: Float64Array.from(rows.keys()),
    arrivalSeconds: column(([at]) => at),
    inputTokens: column((row) => row[1]),
    outputTokens: column((row) => row[2]),
    cachedTokens: column((row) => row[3] ?? 0),
    judgeFromSeconds,
  };
}

/** The passes of a play on one worker: prompt tokens, cached ones before them, decoding requests, their context. */
function passesOf(played: TwinRequests, overrides: Partial<TwinEngine> = {}): number[][] {
  const passes: number[][] = [];
  const recording = (pass: PlannedPass) => {
    passes.push([pass.prefillTokens, pass.prefillPrefixTokens, pass.decodeRequests, pass.decodeKvTokens]);
    return passMs(pass);
  };
  const twin = new Twin({ ...engine, ...overrides, passMs: recording }, anyTime);
  twin.play(played, new Uint8Array(played.distinct).fill(1), 1, once);
  return passes;
}

describe("a play by hand", () => {
  const twin = new Twin(engine, anyTime);

  it("takes a token of each pass for every request that decodes, and the rest for prompts", () => {
    const passes = passesOf(requests([[0, 50, 4], [0.001, 100, 2]])); // prettier-ignore
    expect(passes.slice(0, 4)).toEqual([
      [50, 0, 0, 0],
      [99, 0, 1, 51],
      [1, 99, 1, 52],
      // The first has two tokens more by now, the second its first.
      [0, 0, 2, 154],
    ]);
  });

  it("computes the last token of a prompt that is all in the cache", () => {
    expect(passesOf(requests([[0, 64, 1, 64]]))).toEqual([[1, 63, 0, 0]]); // prettier-ignore
  });

  it("serves a request alone that is larger than the cache", () => {
    const large = requests([[0, 90, 3]]);
    const inTime = twin.alone(large, 0, once);
    expect(inTime.firstMs).toBe(90);
    expect(inTime.gapMs).toBeCloseTo(10, 9);
    const small = new Twin({ ...engine, kvCapacityTokens: 50 }, anyTime);
    expect(small.alone(large, 0, once)).toEqual(inTime);
  });

  it("interrupts decoding when a request arrives", () => {
    const judged = new Twin(engine, { ttftMs: 25, itlMs: Infinity });
    // 50 ms of prompt, five passes of ten; the second's first token comes 20 ms after it.
    const played = requests([[0, 50, 40], [0.1, 10, 1]]); // prettier-ignore
    expect(judged.play(played, Uint8Array.of(1, 1), 1, once)).toEqual({ attainable: 2, missed: 1 });
    expect(judged.play({ ...played, judgeFromSeconds: 0.05 }, Uint8Array.of(1, 1), 1, once)).toEqual({
      attainable: 1,
      missed: 0,
    });
  });

  it("works off what waits at all ranks of a worker", () => {
    const waiting = requests(Array.from({ length: 4 }, () => [0, 50, 1] as const));
    expect(twin.clearingRate(waiting, once)).toBeCloseTo(4 / 0.2, 9);
    expect(new Twin({ ...engine, ranks: 2 }, anyTime).clearingRate(waiting, once)).toBeCloseTo(4 / 0.1, 9);
  });
});

it("what is attainable depends on how slow passes are and what they give", () => {
  const one = requests([[0, 50, 3]]);
  const of = (itlMs: number) => new AttainableRequests(new Twin(engine, anyTime), { ttftMs: Infinity, itlMs }, 4);
  const within15 = of(15);
  expect([...within15.of(one, once)]).toEqual([1]);
  expect([...within15.of(one, { ...once, slowness: 2 })]).toEqual([0]);
  const within7 = of(7);
  expect([...within7.of(one, once)]).toEqual([0]);
  // One pass gives both tokens after the first.
  expect([...within7.of(one, { ...once, tokensPerPass: 2 })]).toEqual([1]);
});

describe("PassTimeRatio", () => {
  const ratioAfter = (ticks: readonly (readonly [prefillTokens: number, seconds: number][])[]) => {
    const ratio = new PassTimeRatio(passMs);
    for (const tick of ticks) {
      ratio.take(tick.map(([sumPrefillTokens, seconds], id) => published(id, { sumPrefillTokens }, seconds)));
    }
    return ratio.value;
  };

  it("moves a fifth of the way to what a tick shows, and passes over workers that did nothing", () => {
    expect(ratioAfter([])).toBe(1);
    expect(ratioAfter([[[100, 0.2]]])).toBeCloseTo(1.2, 12);
    expect(ratioAfter([[[100, 0.2], [900, 0]]])).toBeCloseTo(1.2, 12); // prettier-ignore
  });

  it("stays within a quarter and four", () => {
    expect(ratioAfter([[[100, 100]]])).toBe(4);
    expect(ratioAfter(Array.from({ length: 20 }, () => [[1000, 0.001]]))).toBe(0.25);
  });
});

it("a sample is played at a twentieth of its own rate at the slowest", () => {
  const values = Float64Array.of(1, 1);
  const columns = { numbers: values, places: Float64Array.of(0, 1), inputTokens: values, cachedTokens: values };
  const sample = new RequestSample({ ...columns, outputTokens: values }, 2);
  expect(sample.at(0).arrivalSeconds.slice(0, 2)).toEqual(Float64Array.of(0, 10));
});

describe("pools", () => {
  const planned = {
    name: "agg",
    ranks: 2,
    gpusPerWorker: 1,
    startupSeconds: 30,
    maxSequences: null,
    maxBatchedTokens: null,
    kvCapacityTokens: 1000,
    passMs,
  } as unknown as PolicyPool;

  it("give each rank its part of the cache, and prefill pools no bound on gaps", () => {
    expect(twinEngine(planned)).toMatchObject({ kvCapacityTokens: 500, ranks: 2, maxSequences: Infinity });
    const sla = { ttftMs: 100, itlMs: 10 };
    expect(poolSla({ ...planned, name: "prefill" }, sla)).toEqual({ ttftMs: 100, itlMs: Infinity });
    expect(poolSla({ ...planned, name: "decode" }, sla)).toEqual({ ttftMs: 50, itlMs: 10 });
    expect(poolSla(planned, sla)).toEqual(sla);
  });

  it("are urgent when a replica has more than the threshold waiting", () => {
    const rules = { tolerated: 0.02, sla: { ttftMs: 1000, itlMs: 50 }, decisionSeconds: 60, holdSeconds: 300 };
    const sizes = { backlogSeconds: 3, playedRequests: 10, least: 1, most: 10 };
    const sizer = new PoolSizer(planned, { ...rules, ...sizes });
    const waiting = (replicas: number) => {
      const seen = pool(Array.from({ length: replicas }, () => ({})));
      const [first, ...others] = seen.workers;
      // Four prompts of a second each, all at one of them.
      return { ...seen, workers: [{ ...first!, awaitingFirstToken: 4, awaitingInputTokens: 4000 }, ...others] };
    };
    expect(sizer.isUrgent(waiting(1))).toBe(true);
    expect(sizer.isUrgent(waiting(2))).toBe(false);
  });
});

describe("when the policy decides", () => {
  /** Ticks the planner every ten seconds with so many new requests; the times at which its only pool was sized. */
  function decisions(arrivals: readonly number[], { urgent = false, grows = false } = {}): number[] {
    const decided: number[] = [];
    const sizer = {
      watch: () => {},
      isUrgent: () => urgent,
      decide(_: unknown, { nowSeconds }: { nowSeconds: number }): PoolSize {
        decided.push(nowSeconds);
        return { replicas: 1, grows, levelPerSecond: 1, spare: 0, reason: "", record: {} };
      },
    } as unknown as PoolSizer;
    const bounds = { name: "agg", gpusPerWorker: 1, minReplicas: 1, maxReplicas: 8 } as const;
    const planner = new SloPlanner(
      [{ bounds, sizer }],
      { minReplicas: 1, minGpus: null, maxGpus: null },
      { tickSeconds: 10, decisionSeconds: 60, keptRequests: 4000 },
    );
    let next = 0;
    for (const [tick, count] of arrivals.entries()) {
      const nowSeconds = 10 * (tick + 1);
      const ids = Array.from({ length: count }, () => next++);
      const arrived = ids.map((id, i) => ({ id, arrivalSeconds: nowSeconds - 10 + (10 * i) / count, inputTokens: 10 }));
      const completed = ids.map((id) => ({ id, outputTokens: 5, cachedTokens: 0, ttftMs: 1, itlMs: 1 }));
      const seen = observation(nowSeconds, { agg: pool([{}]) }, quietWindow(10), frontEnd());
      planner.onTick({ ...seen, requests: { arrived, completed } });
    }
    return decided;
  }
  const steady = (ticks: number, count: number): number[] => Array.from({ length: ticks }, () => count);

  it("it does so every minute, with traffic as soon as it knows enough, and without any", () => {
    expect(decisions(steady(14, 10))).toEqual([20, 80, 140]);
    expect(decisions(steady(14, 0))).toEqual([60, 120]);
  });

  it("it does not wait when traffic jumps", () => {
    expect(decisions([...steady(4, 10), 60, ...steady(2, 10)])).toContain(50);
  });

  it("it does not wait with urgent work, but lets replicas just added show what they do", () => {
    expect(decisions(steady(6, 10), { urgent: true })).toEqual([20, 30, 40, 50, 60]);
    expect(decisions(steady(9, 10), { urgent: true, grows: true })).toEqual([20, 50, 80]);
  });
});
