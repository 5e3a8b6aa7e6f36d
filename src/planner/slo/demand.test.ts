import { describe, expect, it } from "vitest";
import { expectedDemand } from "./demand.ts";
import { RequestHistory } from "./request-history.ts";

/** A history of `seconds` s in which `rate(t)` requests a second arrived, evenly. */
function historyOf(seconds: number, rate: (atSeconds: number) => number): RequestHistory {
  const history = new RequestHistory(100_000);
  const arrived = [];
  let id = 0;
  let due = 0;
  for (let at = 0; at < seconds; at += 0.1) {
    for (due += rate(at) * 0.1; due >= 1; due--) arrived.push({ id: id++, arrivalSeconds: at, inputTokens: 100 });
  }
  history.take({ arrived, completed: [] }, { inFlight: 0, awaitingFirstToken: 0, oldestAwaitingSeconds: 0 }, seconds);
  return history;
}

describe("expectedDemand", () => {
  it("expects a steady rate to go on", () => {
    const { requestsPerSecond, steadySeconds } = expectedDemand(
      historyOf(1200, () => 5),
      1200,
      300,
    );
    expect(requestsPerSecond).toBeCloseTo(5, 1);
    expect(steadySeconds).toBeGreaterThanOrEqual(12 * 60);
  });

  it("forgets what was before a jump, and takes no jump for a trend", () => {
    for (const after of [120, 300, 600]) {
      const history = historyOf(1200 + after, (at) => (at < 1200 ? 2 : 8));
      const { requestsPerSecond, steadySeconds } = expectedDemand(history, 1200 + after, 300);
      expect(requestsPerSecond).toBeGreaterThan(7.5);
      expect(requestsPerSecond).toBeLessThan(8.5);
      expect(steadySeconds).toBeLessThanOrEqual(after);
    }
  });

  it("follows a trend to the horizon", () => {
    const history = historyOf(1800, (at) => 2 + at / 300);
    const { requestsPerSecond } = expectedDemand(history, 1800, 300);
    expect(requestsPerSecond).toBeGreaterThan(8.5);
    expect(requestsPerSecond).toBeLessThan(9.5);
  });

  it("expects nothing after silence, and never less than nothing", () => {
    const { requestsPerSecond } = expectedDemand(
      historyOf(900, (at) => (at < 300 ? 5 : 0)),
      900,
      300,
    );
    expect(requestsPerSecond).toBe(0);
    const falling = expectedDemand(
      historyOf(900, (at) => Math.max(0, 8 - at / 100)),
      900,
      600,
    );
    expect(falling.requestsPerSecond).toBeGreaterThanOrEqual(0);
  });

  it("has a rate before the first full count", () => {
    expect(
      expectedDemand(
        historyOf(20, () => 3),
        20,
        60,
      ).requestsPerSecond,
    ).toBeCloseTo(3, 0);
  });

  it("sees a jump within seconds", () => {
    const history = historyOf(1210, (at) => (at < 1200 ? 2 : 20));
    const { requestsPerSecond, steadySeconds } = expectedDemand(history, 1210, 300);
    expect(requestsPerSecond).toBeCloseTo(20, 0);
    expect(steadySeconds).toBe(10);
  });

  it("takes no chance accumulation for a jump", () => {
    // Three times the rate for five seconds, as happens: 30 requests instead of 10.
    const history = historyOf(1210, (at) => (at < 1205 ? 2 : 6));
    expect(expectedDemand(history, 1210, 300).steadySeconds).toBeGreaterThanOrEqual(60);
  });

  it("does not draw a short rise out for long", () => {
    // Seven minutes of rise, by a request a second each; 15 minutes on at that would be four times as much.
    const history = historyOf(1620, (at) => 4 + Math.max(0, at - 1200) / 60);
    const { requestsPerSecond } = expectedDemand(history, 1620, 900);
    expect(requestsPerSecond).toBeGreaterThan(9);
    expect(requestsPerSecond).toBeLessThan(16);
  });
});
