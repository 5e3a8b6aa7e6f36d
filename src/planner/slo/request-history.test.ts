import { describe, expect, it } from "vitest";
import { RequestHistory } from "./request-history.ts";

function arrivals(from: number, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    id: from + i,
    arrivalSeconds: from + i,
    inputTokens: 10 * (from + i),
  }));
}

const idle = { inFlight: 0, awaitingFirstToken: 0, oldestAwaitingSeconds: 0 };

describe("RequestHistory", () => {
  it("counts requests of a time", () => {
    const history = new RequestHistory(8);
    history.take({ arrived: arrivals(0, 6), completed: [] }, idle, 0);
    expect(history.arrivals(2, 5)).toBe(3);
  });

  it("keeps the newest requests and their answers when old ones are dropped", () => {
    const history = new RequestHistory(4);
    history.take({ arrived: arrivals(0, 8), completed: [] }, idle, 0);
    history.take({ arrived: arrivals(8, 1), completed: [] }, idle, 0);
    const answer = { outputTokens: 7, cachedTokens: 3, ttftMs: 1, itlMs: 1 };
    history.take(
      {
        arrived: [],
        completed: [
          { id: 0, ...answer },
          { id: 8, ...answer },
        ],
      },
      idle,
      9,
    );
    expect(history.count).toBe(5);
    expect(history.answerCount).toBe(1);
    expect([history.sinceSeconds, history.arrivals(1, 9)]).toEqual([0, 8]);
    const played = history.sample({ fromSeconds: 8, toSeconds: 9 }).asTheyCame();
    expect([played.distinct, played.outputTokens[0], played.cachedTokens[0]]).toEqual([1, 7, 3]);
  });

  it("gives requests under way the answers of others", () => {
    const history = new RequestHistory(8);
    history.take(
      {
        arrived: [
          { id: 0, arrivalSeconds: 0, inputTokens: 100 },
          { id: 1, arrivalSeconds: 1, inputTokens: 1000 },
        ],
        completed: [{ id: 0, outputTokens: 40, cachedTokens: 50, ttftMs: 1, itlMs: 1 }],
      },
      { ...idle, inFlight: 1 },
      1,
    );
    const { outputTokens, cachedTokens } = history.sample({ fromSeconds: 0, toSeconds: 2 }).asTheyCame();
    expect(Array.from(outputTokens.subarray(0, 2))).toEqual([40, 40]);
    expect(Array.from(cachedTokens.subarray(0, 2))).toEqual([50, 500]);
  });

  it("expects more of answers that have got far", () => {
    const history = new RequestHistory(8);
    const arrived = arrivals(0, 4).map((one) => ({ ...one, arrivalSeconds: one.id === 3 ? 19 : one.arrivalSeconds }));
    const answered = (id: number, outputTokens: number) => ({
      id,
      outputTokens,
      cachedTokens: 0,
      ttftMs: 1000,
      itlMs: 100,
    });
    history.take(
      { arrived, completed: [answered(0, 20), answered(1, 200)] },
      { inFlight: 2, awaitingFirstToken: 1, oldestAwaitingSeconds: 1 },
      20,
    );
    const { outputTokens } = history.sample({ fromSeconds: 0, toSeconds: 20 }).asTheyCame();
    // (20 s − 2 s − 1 s) / 0.1 s = 170 tokens have come of the third; nothing yet of the last.
    expect(outputTokens[2]).toBe(200);
    expect([20, 200]).toContain(outputTokens[3]);
  });

  it("expects no more of answers than can have come by now, and nothing of those given up", () => {
    const history = (gauges: Parameters<RequestHistory["take"]>[1]) => {
      const seen = new RequestHistory(8);
      const arrived = arrivals(0, 4).map((one) => ({ ...one, arrivalSeconds: one.id === 3 ? 19 : one.arrivalSeconds }));
      const answer = { cachedTokens: 0, ttftMs: 1000, itlMs: 100 };
      const completed = [
        { id: 0, outputTokens: 20, ...answer },
        { id: 1, outputTokens: 120, ...answer },
      ];
      seen.take({ arrived, completed }, gauges, 20);
      return seen.sample({ fromSeconds: 0, toSeconds: 20 }).asTheyCame().outputTokens[2];
    };
    // A request waits for its first token since ten seconds: the third has had eight for its answer.
    expect(history({ inFlight: 2, awaitingFirstToken: 1, oldestAwaitingSeconds: 10 })).toBe(120);
    expect(history({ inFlight: 2, awaitingFirstToken: 1, oldestAwaitingSeconds: 1 })).toBe(170);
    // Only the last is under way: the third's client has gone.
    expect(history({ inFlight: 1, awaitingFirstToken: 1, oldestAwaitingSeconds: 1 })).toBe(20);
  });

  it("plays at a rate, again and again until it has lasted long enough", () => {
    const history = new RequestHistory(8);
    history.take({ arrived: arrivals(0, 4), completed: [] }, idle, 0);
    const played = history.sample({ fromSeconds: 0, toSeconds: 4 }).at(2);
    expect(played).toMatchObject({ distinct: 4, count: 45 * 4, judgeFromSeconds: 30 });
    expect(Array.from(played.arrivalSeconds.subarray(0, 6))).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
    expect(Array.from(played.inputTokens.subarray(0, 6))).toEqual([0, 10, 20, 30, 0, 10]);
  });

  it("plays long traffic once and judges all of it", () => {
    const history = new RequestHistory(200);
    history.take({ arrived: arrivals(0, 180), completed: [] }, idle, 0);
    expect(history.sample({ fromSeconds: 0, toSeconds: 180 }).at(2)).toMatchObject({
      distinct: 180,
      count: 180,
      judgeFromSeconds: 0,
    });
  });

  it("brings what it borrows from before the traffic was steady to its rate, minute by minute", () => {
    const history = new RequestHistory(200);
    const at = [0, 30, 60, 300, 310, 320, 330];
    history.take(
      { arrived: at.map((arrivalSeconds, id) => ({ id, arrivalSeconds, inputTokens: 1 })), completed: [] },
      idle,
      0,
    );
    const sample = history.sample({ fromSeconds: 0, steadyFromSeconds: 300, toSeconds: 340 });
    // Two requests in the first minute, one in the next, none for three: silence before a jump is not played.
    expect(Array.from(sample.columns.places)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(Array.from(sample.at(0.1).arrivalSeconds.subarray(0, 7))).toEqual([0, 10, 20, 30, 40, 50, 60]);
  });
});
