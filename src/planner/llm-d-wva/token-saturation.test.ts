import { array, assert, constantFrom, integer, property, tuple } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { gauges, observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import type { Planner } from "../planner.ts";
import { TokenSaturation } from "./token-saturation.ts";
import { wvaPolicy } from "./wva-policy.ts";

const thresholds = { kvCacheThreshold: 0.8, queueLengthThreshold: 5, scaleUpThreshold: 0.85, scaleDownBoundary: 0.7 };
const engine = { kvCapacityTokens: 100_000, maxBatchedTokens: 2048, maxSequences: 256, isPrefill: false };
const shape = { inputTokens: 1000, outputTokens: 200 };
const none = { inputTokens: 0, outputTokens: 0 };
const load = (kvUsage: number, queueLength = 0) => ({ kvUsage, queueLength });

describe("the analysis by tokens, by hand", () => {
  it("takes a share of the cache for what a replica can take when nothing else is known", () => {
    const saturation = new TokenSaturation(thresholds, engine);
    // 60,000 of 80,000 tokens; 60,000 ÷ 0.85 is less than 80,000, and so is 60,000 ÷ 0.7 more.
    expect(saturation.analyse([load(0.6)], 0, none)).toEqual({
      perReplica: 80_000,
      demand: 60_000,
      required: 0,
      spare: 0,
    });
    const busy = saturation.analyse([load(0.75), load(0.75)], 0, none);
    expect(busy.required).toBeCloseTo(150_000 / 0.85 - 160_000);
    expect(saturation.analyse([load(0.75), load(0.75)], 1, none).required).toBe(0);
  });

  it("adds what waiting requests will need: prompt and answer, or the prompt alone where answers come elsewhere", () => {
    expect(new TokenSaturation(thresholds, engine).analyse([load(0.1, 4)], 0, shape).demand).toBe(10_000 + 4 * 1200);
    const prefill = new TokenSaturation(thresholds, { ...engine, isPrefill: true });
    expect(prefill.analyse([load(0.1, 4)], 0, shape).demand).toBe(10_000 + 4 * 1000);
  });

  it("takes the batch limits for what computing allows", () => {
    // 2048 × 200 ÷ 1200 = 341 requests, of which 256 may run, at 1,100 tokens: more than the cache holds.
    expect(new TokenSaturation(thresholds, engine).analyse([load(0.1)], 0, shape).perReplica).toBe(80_000);
    const short = { inputTokens: 4000, outputTokens: 20 };
    // 2048 × 20 ÷ 4020 = 10.189 requests at 4,010 tokens.
    expect(new TokenSaturation(thresholds, engine).analyse([load(0.1)], 0, short).perReplica).toBe(40_858);
  });

  it("remembers what was in use when requests waited, for answers of such length", () => {
    const saturation = new TokenSaturation(thresholds, engine);
    expect(saturation.analyse([load(0.3, 5)], 0, shape).perReplica).toBe(30_000);
    expect(saturation.analyse([load(0.1, 0)], 0, shape).perReplica).toBe(30_000);
    saturation.analyse([load(0.5, 9)], 0, shape);
    expect(saturation.analyse([load(0.1, 0)], 0, shape).perReplica).toBe(40_000);
    expect(saturation.analyse([load(0.1, 0)], 0, { ...shape, outputTokens: 600 }).perReplica).toBe(80_000);
  });

  it("goes by the median replica", () => {
    const saturation = new TokenSaturation(thresholds, engine);
    expect(saturation.analyse([load(0.2, 6), load(0.3, 6), load(0.7, 6)], 0, shape).perReplica).toBe(30_000);
    expect(saturation.analyse([load(0.2, 6), load(0.30001, 6)], 0, shape).perReplica).toBe(25_000);
  });
});

/** The same told once more, from saturation_v2/analyzer.go: chains of ifs over whole numbers. */
class Analyzer {
  private readonly history: Record<string, number[]> = {};

  analyse(metrics: readonly (readonly [kv: number, queue: number])[], pending: number, input: number, output: number) {
    const bucket = output >= 500 ? "long" : output >= 100 ? "medium" : "short";
    const capacities: number[] = [];
    let total = 0;
    for (const [kv, queue] of metrics) {
      const inUse = Math.floor(kv * 100_000);
      total += inUse;
      if (queue > 0) total += Math.floor(queue * (input + output));
      const k1 = 80_000;
      let k2 = k1;
      const history = (this.history[bucket] ??= []);
      if (queue >= 5 && inUse > 0) {
        history.push(inUse);
        if (history.length > 10) history.shift();
        k2 = inUse;
      } else if (history.length > 0) {
        let sum = 0;
        for (const one of history) sum += one;
        k2 = Math.floor(sum / history.length);
      } else if (output > 0) {
        const steady = (2048 * output) / (input + output);
        const derived = Math.floor((steady > 256 ? 256 : steady) * (input + output / 2));
        if (derived > 0) k2 = derived;
      }
      capacities.push(k1 < k2 ? k1 : k2);
    }
    capacities.sort((a, b) => a - b);
    const n = capacities.length;
    const each = n % 2 === 0 ? Math.floor((capacities[n / 2 - 1]! + capacities[n / 2]!) / 2) : capacities[(n - 1) / 2]!;
    const [missing, spare] = [total / 0.85 - (n + pending) * each, n * each - total / 0.7];
    if (each <= 0) return n + pending;
    if (missing > 0) return n + pending + Math.ceil(missing / each);
    return spare > 0 ? Math.max(1, n + pending - Math.floor(spare / each)) : n + pending;
  }
}

describe("the policy with analyzer_name: saturation", () => {
  const at = (
    policy: Planner,
    now: number,
    loads: readonly (readonly [number, number])[],
    starting: number,
    tokens = shape,
  ) =>
    policy.onTick(
      observation(
        now,
        {
          agg: pool(
            loads.map(() => ({})),
            {
              startingIds: Array.from({ length: starting }, (_, i) => 100 + i),
              workers: loads.map(([kvUtilisation, waiting], id) => gauges(id, { kvUtilisation, waiting })),
            },
          ),
        },
        quietWindow(15, {
          completedRequests: 3,
          meanInputTokens: tokens.inputTokens,
          meanOutputTokens: tokens.outputTokens,
        }),
      ),
    );
  const create = (knobs: object = {}): Planner =>
    wvaPolicy.create(
      { analyzer_name: "saturation", ...knobs },
      policyContext(
        { kvCapacityTokens: 100_000, maxBatchedTokens: 2048, maxSequences: 256 },
        { limits: { minReplicas: 1, minGpus: null, maxGpus: null } },
      ),
    );

  it("adds as many as are missing at once, counting those that start, and takes as many as are to spare", () => {
    const policy = create();
    // 30,000 tokens in use and 48,000 waiting, ÷ 0.85: 91,765; three times 30,000 fall short of it by a little.
    expect(at(policy, 30, [[0.3, 40]], 0).replicas.agg).toBe(4);
    expect(at(policy, 60, [[0.3, 40]], 2).replicas.agg).toBe(4);
    const { replicas, reason } = at(
      create(),
      30,
      [
        [0.1, 0],
        [0.1, 0],
        [0.1, 0],
        [0.1, 0],
      ],
      0,
    );
    expect(replicas.agg).toBe(1);
    expect(reason).toBe("Demand of 40000 tokens, 80000 a replica, 0 missing, 262857 to spare: 3 less.");
  });

  it("goes where the autoscaler would", () => {
    const ticks = array(
      tuple(
        array(tuple(constantFrom(0, 0.1, 0.3, 0.55, 0.8, 1), integer({ min: 0, max: 12 })), {
          minLength: 1,
          maxLength: 6,
        }),
        integer({ min: 0, max: 4 }),
      ),
      { minLength: 12, maxLength: 12 },
    );
    assert(
      property(ticks, constantFrom(20, 200, 900), constantFrom(50, 1000, 6000), (series, outputTokens, inputTokens) => {
        const policy = create({ look_back_seconds: 15 });
        const analyzer = new Analyzer();
        for (const [i, [loads, starting]] of series.entries()) {
          const now = 30 * (i + 1);
          const expected = analyzer.analyse(loads, starting, inputTokens, outputTokens);
          expect(at(policy, now, loads, starting, { inputTokens, outputTokens }).replicas.agg, `at ${now} s`).toBe(
            expected,
          );
        }
      }),
    );
  });

  it("refuses a boundary that is not below the threshold", () => {
    const found: string[] = [];
    wvaPolicy.check({ scale_down_boundary: 0.9 }, policyContext(), (key) => found.push(key));
    expect(found).toEqual(["scale_down_boundary"]);
  });
});
