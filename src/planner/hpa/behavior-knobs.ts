import * as z from "zod/mini";
import { choice, orNull, realNumber, wholeNumber } from "../../config/fields.ts";
import type { Tolerances } from "./replica-calculator.ts";
import type { ScalingBehavior, ScalingRules } from "./scaling-behavior.ts";

const policy = z.strictObject(
  {
    type: choice(["Pods", "Percent"], "Unit of value."),
    value: wholeNumber({ min: 1 }, "Most pods, or percent of the pods, in period_seconds."),
    period_seconds: wholeNumber({ min: 1, max: 1800 }, "Length of time the policy looks back on."),
  },
  "expected an object with type, value and period_seconds",
);

const rules = z.strictObject(
  {
    stabilization_window_seconds: z.optional(
      wholeNumber({ min: 0, max: 3600 }, "Past recommendations considered; 0 = only the last."),
    ),
    select_policy: z.optional(choice(["Max", "Min", "Disabled"], "Which of several policies holds.")),
    policies: z.optional(z.array(policy, "expected a list").check(z.minLength(1, "expected at least one policy"))),
    tolerance: z.optional(realNumber({ min: 0, max: 1 }, "Tolerance of this direction, in place of the common one.")),
  },
  "expected an object",
);

/** `behavior` of a HorizontalPodAutoscaler in snake case; what is absent of a given one is Kubernetes' default. */
export const behaviorKnob = orNull(
  z
    .strictObject({ scale_up: z.optional(rules), scale_down: z.optional(rules) }, "expected an object")
    .register(z.globalRegistry, {
      description:
        "scale_up and scale_down, each with stabilization_window_seconds, select_policy (Max, Min, Disabled), tolerance and policies of type (Pods, Percent), value, period_seconds; null = an autoscaler without it.",
    }),
);

type GivenBehavior = z.infer<typeof behaviorKnob>;

/**
 * Fills in what Kubernetes does for absent parts of a behaviour that is given: up at once by 4 pods or 100 % in 15 s,
 * whichever is more; down by any number, to the greatest recommendation of the last 300 s.
 * @returns null for null: an autoscaler without `spec.behavior` has rules of its own
 */
export function behaviorOf(given: GivenBehavior): ScalingBehavior | null {
  if (given === null) return null;
  return {
    scaleUp: rulesOf(given.scale_up, {
      stabilizationWindowSeconds: 0,
      selectPolicy: "Max",
      policies: [
        { type: "Percent", value: 100, periodSeconds: 15 },
        { type: "Pods", value: 4, periodSeconds: 15 },
      ],
    }),
    scaleDown: rulesOf(given.scale_down, {
      stabilizationWindowSeconds: 300,
      selectPolicy: "Max",
      policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
    }),
  };
}

/** The tolerance of each direction: the behaviour's own, or the common one. */
export function tolerancesOf(given: GivenBehavior, common: number): Tolerances {
  return { scaleDown: given?.scale_down?.tolerance ?? common, scaleUp: given?.scale_up?.tolerance ?? common };
}

function rulesOf(given: z.infer<typeof rules> | undefined, standard: ScalingRules): ScalingRules {
  return {
    stabilizationWindowSeconds: given?.stabilization_window_seconds ?? standard.stabilizationWindowSeconds,
    selectPolicy: given?.select_policy ?? standard.selectPolicy,
    policies:
      given?.policies?.map(({ type, value, period_seconds: periodSeconds }) => ({ type, value, periodSeconds })) ??
      standard.policies,
  };
}
