import { suggestion } from "../../config/nearest-name.ts";

/** Names of all presets, as they are listed to users. On their own, so that help need not load what draws them. */
export const presetNames = [
  "toolagent",
  "conversation",
  "synthetic",
  "wave",
  "step",
  "spike",
  "batches",
  "drift",
] as const;

/** One of `presetNames`. */
export type PresetName = (typeof presetNames)[number];

/** What help texts call a preset. */
export const presetUsage = `preset:NAME (${presetNames.join(", ")})`;

/** Whether a preset is called so (without "preset:"). */
export function isPreset(name: string): name is PresetName {
  return presetNames.some((preset) => preset === name);
}

/** What is wrong with a name that no preset has, and what there is. */
export function unknownPreset(name: string): string {
  return `unknown preset${suggestion(name, presetNames)}; known: ${presetNames.join(", ")}`;
}
