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
