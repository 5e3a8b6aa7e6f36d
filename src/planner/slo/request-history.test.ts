import { describe, expect, it } from "vitest";
import { RequestHistory } from "./request-history.ts";

const none = { requests: 0, clearingSeconds: 30 };

function arrivals(from: number, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    id: from + i,
    arrivalSeconds: from + i,
    inputTokens: 10 * (from + i),
  }));
}

describe("RequestHistory", () => {
  it("counts requests of a time", () => {
    const history = new RequestHistory(8);
    history.take({ arrived: arrivals(0, 6), completed: [] });
    expect(history.requestsBetween(2, 5)).toBe(3);
  });

  it("keeps the newest requests and their answers when old ones are dropped", () => {
    const history = new RequestHistory(4);
    history.take({ arrived: arrivals(0, 8), completed: [] });
    history.take({ arrived: arrivals(8, 1), completed: [] });
    const answer = { outputTokens: 7, cachedTokens: 3, ttftMs: 1, itlMs: 1 };
    history.take({
      arrived: [],
      completed: [
        { id: 0, ...answer },
        { id: 8, ...answer },
      ],
    });
    expect(history.sinceSeconds).toBe(4);
    const played = history.replay({ fromSeconds: 8, toSeconds: 9 }, 1, none);
    expect([...played.outputTokens]).toEqual([7]);
    expect([...played.cachedTokens]).toEqual([3]);
  });

  it("gives requests under way the answers of others", () => {
    const history = new RequestHistory(8);
    history.take({
      arrived: [
        { id: 0, arrivalSeconds: 0, inputTokens: 100 },
        { id: 1, arrivalSeconds: 1, inputTokens: 1000 },
      ],
      completed: [{ id: 0, outputTokens: 40, cachedTokens: 50, ttftMs: 1, itlMs: 1 }],
    });
    const { outputTokens, cachedTokens } = history.replay({ fromSeconds: 0, toSeconds: 2 }, 1, none);
    expect([...outputTokens]).toEqual([40, 40]);
    expect([...cachedTokens]).toEqual([50, 500]);
  });

  it("plays faster by the growth, behind the backlog, and long enough to work it off", () => {
    const history = new RequestHistory(8);
    history.take({ arrived: arrivals(0, 4), completed: [] });
    const span = { fromSeconds: 0, toSeconds: 4 };
    expect([...history.replay(span, 2, none).arrivalSeconds].map((at) => Math.round(at * 10) / 10)).toEqual([
      0, 0.5, 1, 1.5,
    ]);
    const played = history.replay(span, 1, { requests: 2, clearingSeconds: 3 });
    expect([...played.arrivalSeconds].map(Math.round)).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...played.inputTokens]).toEqual([20, 30, 0, 10, 20, 30, 0, 10, 20, 30]);
    expect(played.judgeFromSeconds).toBe(3);
  });
});
