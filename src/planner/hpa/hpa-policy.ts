import * as z from "zod/mini";
import { choice, realNumber, wholeNumber } from "../../config/fields.ts";
import { loadMetrics, metricWords, perWorker, total } from "../load-metric.ts";
import type { Observation, PoolName, PoolObservation } from "../planner.ts";
import type { PoolDecision, PoolScaler } from "../pool-by-pool.ts";
import { definePoolPolicy, type PoolKnobs } from "../pool-policy.ts";
import { behaviorKnob, behaviorOf } from "./behavior-knobs.ts";
import { replicasForPods, replicasForTotal } from "./replica-calculator.ts";
import { StabilizedScaling } from "./scaling-behavior.ts";
import { replicaWords } from "../replica-words.ts";

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
 * Sync period, tolerance and behaviour have Kubernetes' defaults. It has none for metrics of an inference server: queue
 * and cache use are what serving guides tell to scale on (Google Kubernetes Engine's guide for LLM inference begins at a
 * queue of 3 to 5).
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
  intervalSeconds: (knobs) => knobs.sync_period_seconds,
  createScaler: (knobs, { name }) => new HpaScaler(name, knobs),
});

/** One HorizontalPodAutoscaler. */
export class HpaScaler implements PoolScaler {
  private readonly name: PoolName;
  private readonly knobs: Pick<HpaKnobs, "metrics" | "tolerance">;
  private readonly scaling: StabilizedScaling;
  private before = 0;

  constructor(name: PoolName, knobs: Pick<HpaKnobs, "metrics" | "tolerance" | "behavior">) {
    this.name = name;
    this.knobs = knobs;
    this.scaling = new StabilizedScaling(behaviorOf(knobs.behavior));
  }

  decide(pool: PoolObservation, observation: Observation): PoolDecision {
    const { tolerance, metrics } = this.knobs;
    const current = pool.activeIds.length + pool.startingIds.length;
    this.before = current;
    const record: Record<string, number | null> = {};
    const sentences: string[] = [];
    const asked: (number | null)[] = metrics.map(({ name, target, type }) => {
      const values = perWorker(name, pool, observation);
      const external = type === "External";
      const value = external
        ? total(name, this.name, pool, observation) / Math.max(1, current)
        : values.reduce((sum, one) => sum + one, 0) / values.length;
      record[name] = values.length === 0 && !external ? null : value;
      if (values.length > 0 || external) sentences.push(`${metricWords[name]} ${shown(value)} of ${shown(target)}`);
      return external
        ? replicasForTotal(value * Math.max(1, current), target, current, tolerance)
        : replicasForPods({ values, missing: pool.startingIds.length, target }, tolerance);
    });
    const known = asked.filter((replicas) => replicas !== null);
    const most = Math.max(...known);
    // Where a metric is missing, only more replicas are asked for.
    const recommended = known.length === 0 || (known.length < asked.length && most < current) ? current : most;
    const { replicas, heldBy } = this.scaling.next(recommended, current, observation.nowSeconds);
    record["recommended_replicas"] = recommended;
    return { replicas, reason: explain({ current, recommended, replicas, heldBy }, sentences), record };
  }

  settled(replicas: number, nowSeconds: number): void {
    this.scaling.changed(this.before, replicas, nowSeconds);
  }
}

function explain(
  outcome: { current: number; recommended: number; replicas: number; heldBy: string | null },
  metrics: readonly string[],
): string {
  const { current, recommended, replicas, heldBy } = outcome;
  if (metrics.length === 0) return "No replica reports its metrics yet.";
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
