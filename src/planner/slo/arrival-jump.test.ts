import { describe, expect, it } from "vitest";
import { arrivalJump } from "./arrival-jump.ts";
import { RequestHistory } from "./request-history.ts";

/** So many requests in every second. */
function historyOf(perSecond: readonly number[]): RequestHistory {
  const history = new RequestHistory(100_000);
  let id = 0;
  const arrived = perSecond.flatMap((requests, second) =>
    Array.from({ length: requests }, () => ({ id: id++, arrivalSeconds: second, inputTokens: 100 })),
  );
  const gauges = { inFlight: 0, awaitingFirstToken: 0, oldestAwaitingSeconds: 0 };
  history.take({ arrived, completed: [] }, gauges, perSecond.length);
  return history;
}

const seconds = (count: number, requests: number): number[] => Array.from({ length: count }, () => requests);

describe("arrivalJump", () => {
  it("sees one in the last seconds that show it", () => {
    expect(arrivalJump(historyOf([...seconds(90, 2), ...seconds(10, 20)]), 100, 2)).toEqual({
      requestsPerSecond: 20,
      seconds: 10,
    });
    expect(arrivalJump(historyOf([...seconds(70, 2), ...seconds(30, 20)]), 100, 2)?.seconds).toBe(30);
  });

  it("takes neither chance nor a little more for one", () => {
    expect(arrivalJump(historyOf([...seconds(95, 2), ...seconds(5, 6)]), 100, 2)).toBeNull();
    // A tenth more of very many is no chance, but no jump either.
    expect(arrivalJump(historyOf([...seconds(70, 1000), ...seconds(30, 1100)]), 100, 1000)).toBeNull();
  });

  it("sees the first requests after silence", () => {
    expect(arrivalJump(historyOf([...seconds(90, 0), ...seconds(10, 1)]), 100, 0)?.requestsPerSecond).toBe(1);
  });
});
