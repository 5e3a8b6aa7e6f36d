import type { Deployment } from "../deployment.ts";
import { StepModel } from "../step-model.ts";
import { StepPerfModel } from "../step-perf-model.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

/** The embedded model of a deployment: formulas with constants fitted to AIConfigurator's measured tables. */
export function rooflinePerfModel(deployment: Deployment): StepPerfModel {
  const { gpu, backend, model, tensorParallelSize, attentionDataParallelSize } = deployment;
  const split = attentionDataParallelSize > 1 ? `, attention dp ${attentionDataParallelSize}` : "";
  return new StepPerfModel(new StepModel(deployment, new RooflinePricer(deployment)), {
    kind: "roofline",
    description: `roofline fitted to AIConfigurator 0.12: ${model.name} on ${gpu.name}, ${backend}, tp ${tensorParallelSize}${split}`,
  });
}
