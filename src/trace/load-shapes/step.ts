import { levels } from "./levels.ts";
import type { LoadShape } from "./load-shape.ts";

/** A jump that stays for 40 minutes, then back: what is kept when nothing can be foreseen, and given up afterwards. */
export const step: LoadShape = {
  name: "step",
  description: "90 minutes of 6 requests/s, 27 from minute 20 to minute 60",
  durationSeconds: 5400,
  intensity: () =>
    levels([
      [0, 6],
      [20, 27],
      [60, 6],
    ]),
};
