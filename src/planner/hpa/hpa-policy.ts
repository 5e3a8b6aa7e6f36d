import * as z from "zod/mini";
import { choice, realNumber, wholeNumber } from "../../config/fields.ts";
import { loadMetrics, metricWords, perWorker, total } from "../load-metric.ts";
import type { Observation, PoolName, PoolObservation } from "../planner.ts";
import { currentReplicas, type PoolDecision, type PoolScaler } from "../pool-by-pool.ts";
import { definePoolPolicy, type PoolKnobs } from "../pool-policy.ts";
import { replicaRange, type ReplicaRange } from "../replica-knobs.ts";
import { replicaWords } from "../replica-words.ts";
import { behaviorKnob, behaviorOf, tolerancesOf } from "./behavior-knobs.ts";
import { replicasForPods, replicasForTotal, type Tolerances } from "./replica-calculator.ts";
import { StabilizedScaling } from "./scaling-behavior.ts";

const metric = z.strictObject(
  {
    name: choice(loadMetrics, "Metric to keep at its target."),
    target: realNumber({ above: 0 }, "Wanted mean over the replicas."),
    type: z.optional(
      choice(
        ["Pods", "External"],
        "Pods = mean of the ready replicas' own values; External = the pool's total, shared out.",
      ),
    ),
  },
  "expected an object with name and target",
);

const shape = {
  metrics: z
    .array(metric, "expected a list")
    .check(z.minLength(1, "expected at least one metric"))
    .register(z.globalRegistry, {
      description: `What is kept where: objects of name (${loadMetrics.join(", ")}), target, and type (Pods or External).`,
    }),
  tolerance: realNumber({ min: 0, max: 1 }, "How far the ratio of value and target may be off 1 without any change."),
  sync_period_seconds: wholeNumber({ min: 1 }, "Seconds between decisions."),
  behavior: behaviorKnob,
};

type HpaKnobs = PoolKnobs<typeof shape>;

/**
 * Kubernetes' HorizontalPodAutoscaler (autoscaling/v2): of several metrics the one that asks for most replicas counts.
 * Sync period and tolerance have Kubernetes' defaults, and there is no `spec.behavior` unless one is given. Kubernetes has no
 * metrics of an inference server: queue and cache use are what serving guides tell to scale on (Google Kubernetes Engine's
 * guide for LLM inference begins at a queue of 3 to 5).
 */
export const hpaPolicy = definePoolPolicy({
  title: "Kubernetes HorizontalPodAutoscaler (autoscaling/v2)",
  shape,
  defaults: {
    metrics: [
      { name: "queue", target: 4 },
      { name: "kv_utilisation", target: 0.8 },
    ],
    tolerance: 0.1,
    sync_period_seconds: 15,
    behavior: null,
  },
  tunable: {
    metrics: [
      ...[48, 32, 24, 16, 12, 8, 6, 4].map((target) => [{ name: "concurrency" as const, target }]),
      ...[8, 4, 2, 1, 0.5].map((target) => [{ name: "queue" as const, target }]),
    ],
    behavior: [30, 60, 120, 300, 600, 1200].map((seconds) => ({
      scale_down: { stabilization_window_seconds: seconds },
    })),
  },
  check: ({ min_replicas: own, metrics }, _pool, { limits }, report) => {
    if ((own ?? limits.minReplicas) > 0 || metrics.some(({ type }) => type === "External")) return;
    report(
      "min_replicas",
      `found 0${own === null ? " (min_endpoint)" : ""}, expected at least 1: only with an External metric can a HorizontalPodAutoscaler scale to zero`,
    );
  },
  intervalSeconds: (knobs) => knobs.sync_period_seconds,
  createScaler: (knobs, pool, limits) => new HpaScaler(pool.name, knobs, replicaRange(knobs, pool, limits)),
});

/** One HorizontalPodAutoscaler (`reconcileAutoscaler` of Kubernetes' pkg/controller/podautoscaler/horizontal.go). */
export class HpaScaler implements PoolScaler {
  private readonly name: PoolName;
  private readonly metrics: HpaKnobs["metrics"];
  private readonly range: ReplicaRange;
  private readonly tolerances: Tolerances;
  private readonly scaling: StabilizedScaling;
  private before = 0;

  constructor(name: PoolName, knobs: Pick<HpaKnobs, "metrics" | "tolerance" | "behavior">, range: ReplicaRange) {
    this.name = name;
    this.metrics = knobs.metrics;
    this.range = range;
    this.tolerances = tolerancesOf(knobs.behavior, knobs.tolerance);
    this.scaling = new StabilizedScaling(behaviorOf(knobs.behavior));
  }

  decide(pool: PoolObservation, observation: Observation): PoolDecision {
    const { nowSeconds } = observation;
    const current = currentReplicas(pool);
    this.before = current;
    this.scaling.begin(current, nowSeconds);
    const { least, most } = this.range;
    if (current > most || current < least) {
      const replicas = current > most ? most : least;
      return { replicas, reason: `${replicaWords(current)} are out of bounds.` };
    }
    const { asked, sentences, record } = this.measure(pool, observation, current);
    const known = asked.filter((replicas) => replicas !== null);
    const recommended = known.length === 0 ? null : Math.max(...known);
    // Where a metric is missing, only more replicas are asked for; a sync that comes to nothing leaves no trace.
    if (recommended === null || (known.length < asked.length && recommended < current)) {
      return { replicas: current, reason: "No replica reports its metrics yet.", record };
    }
    const { replicas, heldBy } = this.scaling.next(recommended, current, nowSeconds);
    record["recommended_replicas"] = recommended;
    return { replicas, reason: explain({ current, recommended, replicas, heldBy }, sentences), record };
  }

  settled(replicas: number, nowSeconds: number): void {
    this.scaling.changed(this.before, replicas, nowSeconds);
  }

  private measure(pool: PoolObservation, observation: Observation, current: number) {
    const record: Record<string, number | null> = {};
    const sentences: string[] = [];
    const asked = this.metrics.map(({ name, target, type }) => {
      if (type === "External") {
        const value = total(name, this.name, pool, observation);
        record[name] = value / Math.max(1, current);
        sentences.push(`${metricWords[name]} ${shown(record[name])} of ${shown(target)}`);
        return replicasForTotal(value, target, current, this.tolerances);
      }
      const values = perWorker(name, pool, observation);
      record[name] = values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
      if (record[name] !== null) sentences.push(`${metricWords[name]} ${shown(record[name])} of ${shown(target)}`);
      return replicasForPods({ values, missing: pool.startingIds.length, target }, this.tolerances);
    });
    return { asked, sentences, record };
  }
}

function explain(
  outcome: { current: number; recommended: number; replicas: number; heldBy: string | null },
  metrics: readonly string[],
): string {
  const { current, recommended, replicas, heldBy } = outcome;
  const values = metrics.join(", ");
  const means = `Mean ${values} a replica`;
  if (recommended === current && replicas === current)
    return `${means}: ${replicaWords(current)} ${current === 1 ? "is" : "are"} right.`;
  const held = heldBy === null ? "" : `, held at ${replicas} by the ${heldBy}`;
  return `${means}: ${replicaWords(current)} should be ${recommended}${held}.`;
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
