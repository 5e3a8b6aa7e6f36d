import { describe, expect, it } from "vitest";
import { RequestHistory } from "./request-history.ts";

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
    expect(history.requestsBetween(0, 9)).toBe(5);
    expect([history.sinceSeconds, history.arrivals(1, 9)]).toEqual([0, 8]);
    const played = history.replay({ fromSeconds: 8, toSeconds: 9 }, 1);
    expect([played.distinct, played.outputTokens[0], played.cachedTokens[0]]).toEqual([1, 7, 3]);
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
    const { outputTokens, cachedTokens } = history.replay({ fromSeconds: 0, toSeconds: 2 }, 1);
    expect(Array.from(outputTokens.subarray(0, 2))).toEqual([40, 40]);
    expect(Array.from(cachedTokens.subarray(0, 2))).toEqual([50, 500]);
  });

  it("plays faster by the growth, again and again until it has lasted long enough", () => {
    const history = new RequestHistory(8);
    history.take({ arrived: arrivals(0, 4), completed: [] });
    const played = history.replay({ fromSeconds: 0, toSeconds: 4 }, 2);
    expect(played).toMatchObject({ distinct: 4, count: 45 * 4, judgeFromSeconds: 30 });
    expect(Array.from(played.arrivalSeconds.subarray(0, 6))).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
    expect(Array.from(played.inputTokens.subarray(0, 6))).toEqual([0, 10, 20, 30, 0, 10]);
  });

  it("plays long traffic once and judges all of it", () => {
    const history = new RequestHistory(200);
    history.take({ arrived: arrivals(0, 180), completed: [] });
    expect(history.replay({ fromSeconds: 0, toSeconds: 180 }, 2)).toMatchObject({
      distinct: 180,
      count: 180,
      judgeFromSeconds: 0,
    });
  });
});
