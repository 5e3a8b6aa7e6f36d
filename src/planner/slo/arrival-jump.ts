import type { RequestHistory } from "./request-history.ts";

/** Windows looked at, s; a jump within them is so many times the usual and so many standard errors off. */
const jumpWindows = [10, 20, 30];
const jumpRatio = 1.2;
const jumpErrors = 6;

/** A rate much above the usual one, from the last seconds alone. */
export interface ArrivalJump {
  readonly requestsPerSecond: number;
  /** The last seconds that show it. */
  readonly seconds: number;
}

/**
 * More requests in the last seconds than the usual rate and chance explain; null = no more.
 * @param usualPerSecond requests a second
 */
export function arrivalJump(history: RequestHistory, nowSeconds: number, usualPerSecond: number): ArrivalJump | null {
  let jump: ArrivalJump | null = null;
  let surest = 0;
  for (const seconds of jumpWindows) {
    const requests = history.arrivals(nowSeconds - seconds, nowSeconds);
    const expected = usualPerSecond * seconds;
    if (requests <= jumpRatio * expected) continue;
    if (requests <= expected + jumpErrors * Math.sqrt(Math.max(1, expected))) continue;
    // The window that shows most of it: short ones are noisy, long ones may reach back before the jump.
    const atLeast = (requests - 2 * Math.sqrt(requests)) / seconds;
    if (atLeast <= surest) continue;
    surest = atLeast;
    jump = { requestsPerSecond: requests / seconds, seconds };
  }
  return jump;
}
