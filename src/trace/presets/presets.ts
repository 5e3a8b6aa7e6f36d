import { batches } from "../load-shapes/batches.ts";
import { drift } from "../load-shapes/drift.ts";
import { generateLoadShape } from "../load-shapes/generate-load-shape.ts";
import type { LoadShape } from "../load-shapes/load-shape.ts";
import { spike } from "../load-shapes/spike.ts";
import { step } from "../load-shapes/step.ts";
import { wave } from "../load-shapes/wave.ts";
import type { Trace } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { conversation } from "./conversation.ts";
import { generateWorkload } from "./generate-workload.ts";
import { isPreset, unknownPreset } from "./preset-names.ts";
import type { PresetName } from "./preset-names.ts";
import { synthetic } from "./synthetic.ts";
import { toolagent } from "./toolagent.ts";
import type { WorkloadModel } from "./workload-model.ts";

/** A trace that needs no data file: a model of a recorded workload, or a load shape. */
export interface Preset {
  /** One line for users. */
  readonly description: string;
  readonly draw: (seed: number) => Trace;
}

/** All presets, by the name after `preset:`. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  toolagent: modelled(toolagent),
  conversation: modelled(conversation),
  synthetic: modelled(synthetic),
  wave: shaped(wave),
  step: shaped(step),
  spike: shaped(spike),
  batches: shaped(batches),
  drift: shaped(drift),
};

function modelled(model: WorkloadModel): Preset {
  return { description: model.description, draw: (seed) => generateWorkload(model, seed) };
}

function shaped(shape: LoadShape): Preset {
  return { description: shape.description, draw: (seed) => generateLoadShape(shape, seed) };
}

/** Draws the preset called `name` (without "preset:"). @throws TraceError for an unknown name. */
export function openPreset(name: string, seed: number): Trace {
  if (!isPreset(name)) throw new TraceError(`preset:${name}`, null, unknownPreset(name));
  return { ...presets[name].draw(seed), name: `preset:${name}` };
}
