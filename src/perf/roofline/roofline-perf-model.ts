import type { Deployment } from "../deployment.ts";
import { StepModel } from "../step-model.ts";
import { StepPerfModel } from "../step-perf-model.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

/** Models of the last deployments, by their content; the runs of a sweep mostly share one. */
const recent = new Map<string, StepPerfModel>();
const MOST_RECENT = 4;
/** A model that remembers more times than this begins anew before it is handed on: 32 MB of them. */
const MOST_REMEMBERED = 2 ** 22;

/**
 * The embedded model of a deployment: formulas with constants fitted to AIConfigurator's measured tables. Equal
 * deployments may get one and the same model: what it remembers are times it would compute again to the bit.
 */
export function rooflinePerfModel(deployment: Deployment): StepPerfModel {
  const key = JSON.stringify(deployment);
  const model = recent.get(key) ?? freshModel(deployment);
  recent.delete(key);
  if (model.rememberedTimes > MOST_REMEMBERED) model.forget();
  recent.set(key, model);
  for (const oldest of recent.keys()) {
    if (recent.size <= MOST_RECENT) break;
    recent.delete(oldest);
  }
  return model;
}

function freshModel(deployment: Deployment): StepPerfModel {
  const { gpu, backend, model, tensorParallelSize, attentionDataParallelSize } = deployment;
  const split = attentionDataParallelSize > 1 ? `, attention dp ${attentionDataParallelSize}` : "";
  return new StepPerfModel(new StepModel(deployment, new RooflinePricer(deployment)), {
    kind: "roofline",
    description: `roofline fitted to AIConfigurator 0.12: ${model.name} on ${gpu.name}, ${backend}, tp ${tensorParallelSize}${split}`,
  });
}
