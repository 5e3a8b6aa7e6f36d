import { describe, expect, it } from "vitest";
import { ForecastError } from "./forecast-error.ts";
import { RequestHistory } from "./request-history.ts";

/** Ready for what, every minute up to `seconds`, when the rate of the last minute is expected to go on. */
function readyFor(seconds: number, horizonSeconds: number, rate: (atSeconds: number) => number): number[] {
  const history = new RequestHistory(100);
  const errors = new ForecastError();
  const ready: number[] = [];
  let id = 0;
  for (let now = 60; now <= seconds; now += 60) {
    const arrived = [];
    for (let at = now - 60; at < now; at++) {
      for (let k = 0; k < rate(at); k++) arrived.push({ id: id++, arrivalSeconds: at, inputTokens: 1 });
    }
    history.take({ arrived, completed: [] }, { inFlight: 0, awaitingFirstToken: 0, oldestAwaitingSeconds: 0 }, 0);
    const expected = arrived.length / 60;
    ready.push(errors.readyFor(expected, history, now));
    errors.note(now + horizonSeconds, expected);
  }
  return ready;
}

describe("ForecastError", () => {
  it("adds nothing where forecasts come true", () => {
    expect(readyFor(3600, 300, () => 4).at(-1)).toBe(4);
  });

  it("is ready for bursts that came back often, and for no more than there has been", () => {
    const bursts = (at: number): number => (at % 1200 >= 900 ? 20 : 4);
    const ready = readyFor(7200, 300, bursts);
    // In a quiet minute at the end of the second hour.
    expect(ready[112]).toBe(12);
    // In a burst: 20 is the most there has been.
    expect(Math.max(...ready)).toBeLessThanOrEqual(20);
  });

  it("is not ready for what came once in an hour", () => {
    expect(readyFor(5400, 60, (at) => (at >= 600 && at < 660 ? 20 : 4)).at(-1)).toBe(4);
  });
});
