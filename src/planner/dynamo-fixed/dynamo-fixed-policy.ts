import { orNull, realNumber } from "../../config/fields.ts";
import { definePolicy } from "../policy-definition.ts";
import { DynamoFixedPlanner } from "./dynamo-fixed-planner.ts";

/** The Dynamo planner with its defects mended; loops, forecast, bounds and budget are the planner configuration's. */
export const dynamoFixedPolicy = definePolicy({
  title: "the Dynamo planner's design with its known defects mended",
  shape: {
    utilisation: realNumber({ above: 0, max: 1 }, "Share of an engine's capacity that forecasts may fill."),
    scale_down_stabilization_seconds: orNull(
      realNumber(
        { min: 0 },
        "Fewer replicas only if they were enough for so long; null = 120 s, or the start-up time and a minute.",
      ),
    ),
    rate_window_seconds: realNumber({ above: 0 }, "Window of the arrival rate that acts at once."),
    kv_headroom: realNumber({ above: 0, max: 1 }, "Greatest share of the cache a survivor of a scale-down may fill."),
  },
  defaults: {
    utilisation: 0.8,
    scale_down_stabilization_seconds: null,
    rate_window_seconds: 60,
    kv_headroom: 0.7,
  },
  tunable: {
    utilisation: [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25],
    scale_down_stabilization_seconds: [30, 60, 120, 240, 480, 900],
    rate_window_seconds: [20, 30, 60, 120, 240],
    kv_headroom: [0.9, 0.7, 0.5, 0.3],
  },
  perPool: false,
  usesSla: true,
  usesDynamoSettings: true,
  create: (knobsOf, context) => {
    const knobs = knobsOf(context.pools[0]!.name);
    return new DynamoFixedPlanner(context, {
      utilisation: knobs.utilisation,
      scaleDownStabilizationSeconds: knobs.scale_down_stabilization_seconds,
      rateWindowSeconds: knobs.rate_window_seconds,
      kvHeadroom: knobs.kv_headroom,
    });
  },
});
