import { array, assert, constantFrom, integer, oneof, property, record } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { frontEnd, gauges, observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import { hpaPolicy } from "./hpa-policy.ts";
import { replicasForPods, replicasForTotal } from "./replica-calculator.ts";
import type { ScalingRules } from "./scaling-behavior.ts";

/**
 * The controller's rules told once more, from pkg/controller/podautoscaler of Kubernetes, in whole thousandths and
 * with its books: one list of recommendations, one of steps up and one of steps down.
 */

const milli = (value: number): bigint => BigInt(Math.trunc(value * 1000));

/** calcPlainMetricReplicas, with pods that are Running and have no metric. */
function podsAskFor(values: readonly number[], missing: number, target: number, down: number, up: number): number {
  const perPod = values.map(milli);
  const ratioOf = (all: readonly bigint[]): number =>
    Number(all.reduce((sum, one) => sum + one, 0n) / BigInt(all.length)) / Number(milli(target));
  const isNear = (ratio: number): boolean => !(ratio < 1 - down) && !(ratio > 1 + up);
  const spec = values.length + missing;
  const ratio = ratioOf(perPod);
  if (missing === 0) return isNear(ratio) ? spec : Math.ceil(ratio * values.length);
  const filled = [...perPod];
  if (ratio !== 1) for (let i = 0; i < missing; i++) filled.push(ratio < 1 ? milli(target) : 0n);
  const filledRatio = ratioOf(filled);
  const turned = (ratio < 1 && filledRatio > 1) || (ratio > 1 && filledRatio < 1);
  if (isNear(filledRatio) || turned) return spec;
  const asked = Math.ceil(filledRatio * filled.length);
  return (filledRatio < 1 && asked > spec) || (filledRatio > 1 && asked < spec) ? spec : asked;
}

interface Step {
  readonly at: number;
  readonly pods: number;
}

/** An autoscaler's memory; `next` is one sync that found a recommendation. Bounds are 1 and `most`. */
class Books {
  private recommendations: { at: number; wanted: number }[] = [];
  private readonly ups: Step[] = [];
  private readonly downs: Step[] = [];
  private readonly rules: { up: ScalingRules; down: ScalingRules } | null;
  private readonly most: number;

  constructor(rules: { up: ScalingRules; down: ScalingRules } | null, most: number) {
    this.rules = rules;
    this.most = most;
  }

  next(wanted: number, current: number, now: number): number {
    if (this.recommendations.length === 0) this.recommendations.push({ at: now, wanted: current });
    const to = this.rules === null ? this.plain(wanted, current, now) : this.withRules(wanted, current, now);
    if (to > current) this.ups.push({ at: now, pods: to - current });
    if (to < current) this.downs.push({ at: now, pods: current - to });
    return to;
  }

  private plain(wanted: number, current: number, now: number): number {
    const recent = this.recommendations.filter(({ at }) => now - at < 300).map((one) => one.wanted);
    this.recommendations.push({ at: now, wanted });
    const held = recent.reduce((most, one) => (one > most ? one : most), wanted);
    if (held < 1) return 1;
    return Math.min(held, this.most, current * 2 > 4 ? current * 2 : 4);
  }

  private withRules(wanted: number, current: number, now: number): number {
    const { up, down } = this.rules!;
    let [floor, ceiling] = [wanted, wanted];
    for (const one of this.recommendations) {
      if (now - one.at < up.stabilizationWindowSeconds && one.wanted < floor) floor = one.wanted;
      if (now - one.at < down.stabilizationWindowSeconds && one.wanted > ceiling) ceiling = one.wanted;
    }
    this.recommendations.push({ at: now, wanted });
    let to = current;
    if (to < floor) to = floor;
    if (to > ceiling) to = ceiling;
    if (to > current) {
      const limit = Math.max(current, this.limit(up, current, now, true));
      return Math.min(to, limit, this.most);
    }
    if (to < current) {
      const limit = Math.min(current, this.limit(down, current, now, false));
      return Math.max(to, limit, 1);
    }
    return to;
  }

  private limit(rules: ScalingRules, current: number, now: number, isUp: boolean): number {
    if (rules.selectPolicy === "Disabled") return current;
    const of = (steps: readonly Step[], period: number): number =>
      steps.reduce((sum, { at, pods }) => (now - at < period ? sum + pods : sum), 0);
    const proposals = rules.policies.map(({ type, value, periodSeconds }) => {
      const start = current - of(this.ups, periodSeconds) + of(this.downs, periodSeconds);
      if (type === "Pods") return isUp ? start + value : start - value;
      return isUp ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100));
    });
    // The greatest change is the most replicas upwards and the least downwards.
    return (rules.selectPolicy === "Max") === isUp ? Math.max(...proposals) : Math.min(...proposals);
  }
}

const load = integer({ min: 0, max: 40 });
const tolerance = constantFrom(0, 0.1, 0.5);

describe("the replica calculator", () => {
  it("asks for what Kubernetes' does, with and without pods that have no metric", () => {
    assert(
      property(
        array(oneof(load, constantFrom(0.8809, 0.29, 7.7777, 110)), { minLength: 1, maxLength: 12 }),
        integer({ min: 0, max: 12 }),
        constantFrom(1, 4, 0.8, 16),
        tolerance,
        tolerance,
        (values, missing, target, scaleDown, scaleUp) => {
          expect(replicasForPods({ values, missing, target }, { scaleDown, scaleUp })).toBe(
            podsAskFor(values, missing, target, scaleDown, scaleUp),
          );
        },
      ),
    );
  });

  it("shares an external metric out as Kubernetes' does", () => {
    assert(
      property(
        integer({ min: 0, max: 400 }),
        constantFrom(1, 5, 0.5),
        load,
        tolerance,
        (total, target, current, both) => {
          const ratio = Number(milli(total)) / (Number(milli(target)) * current);
          const kept = current > 0 && ratio >= 1 - both && ratio <= 1 + both;
          expect(replicasForTotal(total, target, current, { scaleDown: both, scaleUp: both })).toBe(
            kept ? current : Math.ceil(Number(milli(total)) / Number(milli(target))),
          );
        },
      ),
    );
  });
});

describe("a series of syncs", () => {
  const rate = record({
    type: constantFrom("Pods" as const, "Percent" as const),
    value: integer({ min: 1, max: 120 }),
    period_seconds: constantFrom(15, 30, 60, 90),
  });
  const direction = record({
    stabilization_window_seconds: constantFrom(0, 15, 60, 300),
    select_policy: constantFrom("Max" as const, "Min" as const, "Disabled" as const),
    policies: array(rate, { minLength: 1, maxLength: 3 }),
  });
  const behavior = oneof(constantFrom(null), record({ scale_up: direction, scale_down: direction }));

  it("goes where Kubernetes' would, with any behaviour and with none", () => {
    assert(
      property(
        behavior,
        integer({ min: 1, max: 20 }),
        array(load, { minLength: 60, maxLength: 60 }),
        (given, at0, loads) => {
          const metrics = [{ name: "queue", target: 4, type: "External" }];
          const policy = hpaPolicy.create(
            { metrics, behavior: given, max_replicas: 20 },
            policyContext(
              {},
              {
                limits: { minReplicas: 1, minGpus: null, maxGpus: null },
              },
            ),
          );
          const rulesOf = (one: NonNullable<typeof given>["scale_up"]): ScalingRules => ({
            stabilizationWindowSeconds: one.stabilization_window_seconds,
            selectPolicy: one.select_policy,
            policies: one.policies.map(({ type, value, period_seconds: periodSeconds }) => ({
              type,
              value,
              periodSeconds,
            })),
          });
          const books = new Books(
            given === null ? null : { up: rulesOf(given.scale_up), down: rulesOf(given.scale_down) },
            20,
          );
          let current = at0;
          for (const [i, each] of loads.entries()) {
            const now = 15 * (i + 1);
            const total = each * 3;
            const ratio = (total * 1000) / (4000 * current);
            const wanted = ratio >= 0.9 && ratio <= 1.1 ? current : Math.ceil(total / 4);
            const expected = books.next(wanted, current, now);
            const workers = Array.from({ length: current }, (_, id) => gauges(id));
            const agg = pool(
              workers.map(() => ({})),
              { workers },
            );
            const seen = observation(now, { agg }, quietWindow(15), frontEnd({ atRouter: total }));
            expect(policy.onTick(seen).replicas.agg, `at ${now} s, ${current} pods, ${total} waiting`).toBe(expected);
            current = expected;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("decides by hand: a burst over three pods without a behaviour", () => {
    // Queue of 4 wanted. 15 s: 60 waiting of 3 → 15, limited to 6. 30 s: 60 of 6 → 15, to 12. 45 s: 60 of 12 → 15 of
    // 12 is not within 10 %. 60 s: none → kept by the 15 of 15 to 45 s until 345 s, when the last of them is 300 s old.
    const policy = hpaPolicy.create(
      { metrics: [{ name: "queue", target: 4, type: "External" }] },
      policyContext({}, { limits: { minReplicas: 1, minGpus: null, maxGpus: null } }),
    );
    let current = 3;
    const at = (now: number, total: number): number => {
      const workers = Array.from({ length: current }, (_, id) => gauges(id));
      const agg = pool(
        workers.map(() => ({})),
        { workers },
      );
      const seen = observation(now, { agg }, quietWindow(15), frontEnd({ atRouter: total }));
      return (current = policy.onTick(seen).replicas.agg!);
    };
    expect([at(15, 60), at(30, 60), at(45, 60)]).toEqual([6, 12, 15]);
    expect([at(60, 0), at(330, 0), at(345, 0)]).toEqual([15, 15, 1]);
  });
});
