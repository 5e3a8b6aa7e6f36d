import { array, assert, constantFrom, integer, property, record, tuple } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { gauges, observation, pool } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import type { Planner } from "../planner.ts";
import { analyseSaturation } from "./saturation.ts";
import { wvaPolicy } from "./wva-policy.ts";

const thresholds = { kvCacheThreshold: 0.8, queueLengthThreshold: 5, kvSpareTrigger: 0.1, queueSpareTrigger: 3 };
const analyse = (...loads: (readonly [kv: number, queue: number])[]) =>
  analyseSaturation(
    loads.map(([kvUsage, queueLength]) => ({ kvUsage, queueLength })),
    thresholds,
  );

describe("the saturation analysis, as llm-d documents it", () => {
  it("adds nothing at 65 % and 72 %: mean spare cache 0.115", () => {
    const analysis = analyse([0.65, 0], [0.72, 0]);
    expect(analysis.spareKv).toBeCloseTo(0.115);
    expect(analysis.shouldScaleUp).toBe(false);
  });

  it("adds one at 65 % and 76 %: mean spare cache 0.095", () => {
    const analysis = analyse([0.65, 0], [0.76, 0]);
    expect(analysis.spareKv).toBeCloseTo(0.095);
    expect(analysis.shouldScaleUp).toBe(true);
  });

  it("adds one when the queue is long, or when all are saturated", () => {
    expect(analyse([0.1, 3], [0.1, 2]).shouldScaleUp).toBe(true);
    expect(analyse([0.1, 2], [0.1, 2]).shouldScaleUp).toBe(false);
    expect(analyse([0.9, 0], [0.1, 7])).toMatchObject({ nonSaturated: 0, shouldScaleUp: true, scaleDownSafe: false });
  });

  it("counts replicas at a threshold as saturated, and no replicas as no reason for more", () => {
    expect(analyse([0.8, 0], [0.1, 5], [0.79, 4])).toMatchObject({ nonSaturated: 1 });
    expect(analyse()).toMatchObject({ nonSaturated: 0, shouldScaleUp: false, scaleDownSafe: false });
  });

  it("leaves saturated replicas out of the means", () => {
    expect(analyse([0.95, 9], [0.2, 1])).toMatchObject({ nonSaturated: 1, spareQueue: 4, shouldScaleUp: false });
  });

  it("takes one away when the rest can carry its load", () => {
    expect(analyse([0.3, 0], [0.3, 0]).scaleDownSafe).toBe(true);
    expect(analyse([0.4, 0], [0.4, 0]).scaleDownSafe).toBe(false);
    expect(analyse([0.1, 1], [0.1, 1]).scaleDownSafe).toBe(true);
    expect(analyse([0.1, 2], [0.1, 1]).scaleDownSafe).toBe(false);
    expect(analyse([0.1, 0]).scaleDownSafe).toBe(false);
  });
});

describe("the same analysis told once more, from internal/saturation/analyzer.go", () => {
  /** By mean loads and the factor by which they grow, as there; one variant. */
  function byMeanLoads(loads: readonly (readonly [kv: number, queue: number])[], given: typeof thresholds) {
    let [n, spareKv, spareQueue] = [0, 0, 0];
    for (const [kv, queue] of loads) {
      if (kv >= given.kvCacheThreshold || queue >= given.queueLengthThreshold) continue;
      n += 1;
      spareKv += given.kvCacheThreshold - kv;
      spareQueue += given.queueLengthThreshold - queue;
    }
    if (n > 0) {
      // Per variant, and weighed by its replicas for the model.
      spareKv = ((spareKv / n) * n) / n;
      spareQueue = ((spareQueue / n) * n) / n;
    }
    const grown = n / (n - 1);
    const [loadKv, loadQueue] = [given.kvCacheThreshold - spareKv, given.queueLengthThreshold - spareQueue];
    return {
      up: loads.length > 0 && (spareKv < given.kvSpareTrigger || spareQueue < given.queueSpareTrigger),
      down:
        n > 1 &&
        given.kvCacheThreshold - loadKv * grown >= given.kvSpareTrigger &&
        given.queueLengthThreshold - loadQueue * grown >= given.queueSpareTrigger,
    };
  }

  it("comes to the same, at the triggers too", () => {
    const load = tuple(
      integer({ min: 0, max: 20 }).map((twentieths) => twentieths / 20),
      integer({ min: 0, max: 6 }),
    );
    const given = record({
      kvCacheThreshold: constantFrom(0.8, 0.5),
      queueLengthThreshold: constantFrom(5, 3),
      kvSpareTrigger: constantFrom(0.1, 0.05, 0),
      queueSpareTrigger: constantFrom(3, 1, 0),
    });
    assert(
      property(array(load, { maxLength: 8 }), given, (loads, set) => {
        const analysis = analyseSaturation(
          loads.map(([kvUsage, queueLength]) => ({ kvUsage, queueLength })),
          set,
        );
        const { up, down } = byMeanLoads(loads, set);
        expect([analysis.shouldScaleUp, analysis.scaleDownSafe]).toEqual([up, down]);
      }),
    );
  });
});

describe("the policy", () => {
  const at = (policy: Planner, now: number, kv: readonly number[], starting = 0, drainingIds: number[] = []): number =>
    policy.onTick(
      observation(now, {
        agg: pool(
          kv.map(() => ({})),
          {
            startingIds: Array.from({ length: starting }, (_, i) => 50 + i),
            drainingIds,
            workers: kv.map((kvUtilisation, id) => gauges(id, { kvUtilisation })),
          },
        ),
      }),
    ).replicas.agg!;

  it("decides every 30 s, by the peaks of a minute", () => {
    const policy = wvaPolicy.create({}, policyContext());
    expect(policy.firstTickSeconds()).toBe(15);
    expect([15, 30, 45].map((now) => at(policy, now, [now === 45 ? 0.75 : 0.1]))).toEqual([1, 1, 1]);
    expect(at(policy, 60, [0.1])).toBe(2);
    expect([75, 90, 105].map((now) => at(policy, now, [0.1, 0.1]))).toEqual([2, 2, 2]);
    expect(at(policy, 120, [0.1, 0.1])).toBe(1);
  });

  it("neither adds nor takes any while replicas are starting or going", () => {
    const policy = wvaPolicy.create({}, policyContext());
    expect(at(policy, 60, [0.9], 1)).toBe(2);
    expect(at(policy, 120, [0.9, 0.9])).toBe(3);
    const quiet = wvaPolicy.create({}, policyContext());
    expect(at(quiet, 60, [0.1, 0.1, 0.1], 1)).toBe(4);
    expect(at(quiet, 90, [0.1, 0.1, 0.1], 0, [9])).toBe(3);
    expect(at(quiet, 120, [0.9, 0.9, 0.9], 0, [9])).toBe(3);
    expect(at(quiet, 300, [0.1, 0.1, 0.1])).toBe(2);
  });

  it("refuses a scrape interval that misses the decisions", () => {
    const found: string[] = [];
    wvaPolicy.check({ scrape_interval_seconds: 25 }, policyContext(), (key) => found.push(key));
    expect(found).toEqual(["scrape_interval_seconds"]);
  });
});
