import { levels } from "./levels.ts";
import type { LoadShape } from "./load-shape.ts";

/** Four minutes of five times the load: over before slow replicas are ready. */
export const spike: LoadShape = {
  name: "spike",
  description: "an hour of 7 requests/s, 36 for the four minutes from minute 25",
  durationSeconds: 3600,
  intensity: () =>
    levels([
      [0, 7],
      [25, 36],
      [29, 7],
    ]),
};
