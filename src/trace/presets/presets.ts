import type { Trace } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { conversation } from "./conversation.ts";
import { generateWorkload } from "./generate-workload.ts";
import { synthetic } from "./synthetic.ts";
import { toolagent } from "./toolagent.ts";
import type { WorkloadModel } from "./workload-model.ts";

/** Workload models that need no data file. */
export const presets: readonly WorkloadModel[] = [toolagent, conversation, synthetic];

/** Draws the preset called `name` (without "preset:"). @throws TraceError for an unknown name. */
export function openPreset(name: string, seed: number): Trace {
  const model = presets.find((preset) => preset.name === name);
  if (model === undefined) {
    throw new TraceError(
      `preset:${name}`,
      null,
      `unknown preset; known: ${presets.map((preset) => preset.name).join(", ")}`,
    );
  }
  return { ...generateWorkload(model, seed), name: `preset:${name}` };
}
