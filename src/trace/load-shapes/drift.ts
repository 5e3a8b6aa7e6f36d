import type { LoadShape } from "./load-shape.ts";

const DURATION_SECONDS = 5400;
const MEAN_PER_SECOND = 24;
/** Of the logarithm of the rate. */
const STANDARD_DEVIATION = 0.7;
const CORRELATION_SECONDS = 240;

/**
 * A rate that wanders: a doubly stochastic (Cox) process, the logarithm of whose rate is a stationary
 * Ornstein-Uhlenbeck process. It is drawn exactly at every second and held until the next. 24 requests/s is the mean
 * over seeds; the mean of one draw is that of some twenty independent rates and lies mostly between 18 and 30.
 */
export const drift: LoadShape = {
  name: "drift",
  description: "90 minutes of a wandering rate: 24 requests/s in the mean, log rate Ornstein-Uhlenbeck (240 s, 0.7)",
  durationSeconds: DURATION_SECONDS,
  intensity: (random) => {
    const perSecond = new Float64Array(DURATION_SECONDS);
    const kept = Math.exp(-1 / CORRELATION_SECONDS);
    const fresh = Math.sqrt(1 - kept * kept);
    // The mean of a log-normal variable is above its median.
    const median = MEAN_PER_SECOND * Math.exp(-(STANDARD_DEVIATION ** 2) / 2);
    let state = random.normal();
    for (let second = 0; second < DURATION_SECONDS; second++) {
      perSecond[second] = median * Math.exp(STANDARD_DEVIATION * state);
      state = kept * state + fresh * random.normal();
    }
    return { most: Math.max(...perSecond), at: (seconds) => perSecond[Math.floor(seconds)]! };
  },
};
