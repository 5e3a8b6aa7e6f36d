import {
  array,
  assert,
  boolean,
  constantFrom,
  integer,
  oneof,
  property,
  tuple,
} from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import { kpaPolicy } from "./kpa-policy.ts";

/**
 * Knative's rules told once more: buckets of a second as in pkg/autoscaler/aggregation/bucketing.go, the
 * decider of pkg/autoscaler/scaling/autoscaler.go, and the last replica as in pkg/reconciler/autoscaling/kpa/scaler.go.
 */

/** The last seconds' values, one a second, and their average cut to six digits. */
class Buckets {
  private readonly values: number[] = [];
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  record(value: number): void {
    this.values.push(value);
    if (this.values.length > this.size) this.values.shift();
  }

  average(): number {
    return Math.floor((this.values.reduce((sum, one) => sum + one, 0) / this.values.length) * 1e6) / 1e6;
  }
}

interface Spec {
  readonly target: number;
  readonly stable: number;
  readonly threshold: number;
  readonly upRate: number;
  readonly downRate: number;
  readonly delay: number;
  readonly activation: number;
  readonly burst: number;
}

class Decider {
  private panicTime: number | null;
  private maxPanicPods: number;
  private readonly history: [number, number][] = [];
  private readonly spec: Spec;

  constructor(spec: Spec, ready: number) {
    this.spec = spec;
    this.panicTime = ready > 1 ? 0 : null;
    this.maxPanicPods = ready;
  }

  scale(stable: number, panic: number, ready: number, now: number): { pods: number; excess: number } {
    const { spec } = this;
    const pods = ready === 0 ? 1 : ready;
    const [up, down] = [Math.ceil(spec.upRate * pods), Math.floor(pods / spec.downRate)];
    const raw = [Math.ceil(stable / spec.target), Math.ceil(panic / spec.target)] as const;
    const [fromStable, fromPanic] = raw.map((one) => {
      const clamped = one > up ? up : one < down ? down : one;
      return spec.activation > 1 && one > 0 && spec.activation > clamped ? spec.activation : clamped;
    }) as [number, number];
    const over = raw[1] / pods >= spec.threshold;
    if (over) this.panicTime = now;
    if (!over && this.panicTime !== null && this.panicTime + spec.stable < now) {
      this.panicTime = null;
      this.maxPanicPods = 0;
    }
    let wanted = fromStable;
    if (this.panicTime !== null) {
      wanted = fromPanic > fromStable ? fromPanic : fromStable;
      if (wanted > this.maxPanicPods) this.maxPanicPods = wanted;
      wanted = this.maxPanicPods;
    }
    if (spec.delay > 0) {
      // A window of buckets of a tick each.
      const bucket = Math.floor(now / 2);
      this.history.push([bucket, wanted]);
      for (const [at, before] of this.history) {
        if (bucket - at < Math.ceil(spec.delay / 2) && before > wanted) wanted = before;
      }
    }
    const excess = spec.burst > 0 ? Math.floor(ready * spec.target - spec.burst - panic) : spec.burst;
    return { pods: wanted, excess };
  }
}

/** What the reconciler makes of it; status Active, Unknown (activating) or Inactive since a time. */
class Reconciler {
  private active: "true" | "unknown" | "false" = "true";
  private since = 0;
  private proxySince: number | null = null;
  private readonly settings: { enabled: boolean; stable: number; grace: number; retention: number };

  constructor(settings: { enabled: boolean; stable: number; grace: number; retention: number }) {
    this.settings = settings;
  }

  /** @returns replicas of the deployment from now on */
  reconcile(desired: number, excess: number, ready: number, replicas: number, now: number): number {
    const { enabled, stable, grace, retention } = this.settings;
    let want = desired;
    let apply = true;
    if (desired === 0 && !enabled) want = 1;
    else if (desired === 0 && this.active === "unknown") [want, apply] = [-1, false];
    else if (desired === 0 && this.active === "true") {
      if (now - this.since >= stable) apply = false;
      else want = 1;
    } else if (desired === 0) {
      const inactive = now - this.since;
      if (inactive < Math.max(grace, retention)) {
        if (inactive < retention) apply = false;
        else apply = this.proxySince !== null && now - this.proxySince >= grace;
      }
    }
    const proxy = want === 0 || excess < 0 || (want === -1 && this.active === "false");
    if (!proxy) this.proxySince = null;
    else if (this.proxySince === null) this.proxySince = now;
    if (want === 0) this.become("false", now);
    else if (ready < 1) {
      if (want > 0 || this.active !== "false") this.become("unknown", now);
    } else if (want > 0 || this.active !== "false") this.become("true", now);
    return apply ? want : replicas;
  }

  private become(active: "true" | "unknown" | "false", now: number): void {
    if (this.active !== active) this.since = now;
    this.active = active;
  }
}

const settings = tuple(
  constantFrom(20, 60),
  constantFrom(10, 25),
  constantFrom(1.2, 3, 1000),
  constantFrom(1.5, 2, 10),
  constantFrom(0, 6, 30),
  constantFrom(1, 4),
  constantFrom(-1, 0, 10, 200),
  boolean(),
  constantFrom(0, 12, 45),
  constantFrom(0, 1),
);
/** Concurrency for so many ticks of two seconds. */
const stretches = array(tuple(oneof(constantFrom(0, 4), integer({ min: 0, max: 90 })), integer({ min: 1, max: 60 })), {
  minLength: 6,
  maxLength: 12,
});

describe("a series of ticks", () => {
  it("goes where Knative would", () => {
    assert(
      property(
        settings,
        integer({ min: 1, max: 5 }),
        constantFrom(0, 3, 40),
        stretches,
        (
          [stable, percent, upRate, downRate, delay, activation, burst, enabled, retention, least],
          start,
          lag,
          loads,
        ) => {
          const policy = kpaPolicy.create(
            {
              target: 10,
              target_utilization_percentage: 100,
              stable_window_seconds: stable,
              panic_window_percentage: percent,
              max_scale_up_rate: upRate,
              max_scale_down_rate: downRate,
              scale_down_delay_seconds: delay,
              activation_scale: activation,
              target_burst_capacity: burst,
              enable_scale_to_zero: enabled,
              scale_to_zero_pod_retention_period_seconds: retention,
              min_replicas: least,
            },
            policyContext({ replicas: start }, { limits: { minReplicas: 1, minGpus: null, maxGpus: null } }),
          );
          const spec = { target: 10, stable, threshold: 2, upRate, downRate, delay, activation, burst };
          const decider = new Decider(spec, start);
          const reconciler = new Reconciler({ enabled, stable, grace: 30, retention });
          const [wide, narrow] = [new Buckets(stable), new Buckets(Math.round((stable * percent) / 100))];
          // Replicas are ready `lag` ticks after they were asked for.
          const asked = Array.from({ length: lag }, () => start);
          let replicas = start;
          const series = loads.flatMap(([value, ticks]) => Array.from({ length: ticks }, () => value));
          for (const [i, inFlight] of series.entries()) {
            const now = 2 * (i + 1);
            const ready = Math.min(replicas, ...asked.slice(asked.length - lag));
            for (let second = 0; second < 2; second++) for (const one of [wide, narrow]) one.record(inFlight);
            const { pods, excess } = decider.scale(wide.average(), narrow.average(), ready, now);
            const expected = reconciler.reconcile(Math.max(pods, least), excess, ready, replicas, now);
            const agg = pool(
              Array.from({ length: Math.min(ready, replicas) }, () => ({})),
              {
                meanInFlight: inFlight,
                startingIds: Array.from({ length: Math.max(0, replicas - ready) }, (_, n) => 100 + n),
              },
            );
            const wanted = policy.onTick(observation(now, { agg }, quietWindow(2))).replicas.agg;
            expect(wanted, `at ${now} s, ${ready} of ${replicas} ready, ${inFlight} in flight`).toBe(expected);
            asked.push(expected);
            replicas = expected;
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
