import type { LoadShape } from "./load-shape.ts";

const PERIOD_SECONDS = 3600;

/** Two smooth rises and falls between 3 and 27 requests/s, as of days played fast. */
export const wave: LoadShape = {
  name: "wave",
  description: "two hours, 3 to 27 requests/s and back each hour (a sine)",
  durationSeconds: 7200,
  intensity: () => ({ most: 27, at: (seconds) => 15 - 12 * Math.cos((2 * Math.PI * seconds) / PERIOD_SECONDS) }),
};
