import { describe, expect, it } from "vitest";
import { sizeSentence } from "./size-sentence.ts";

const demand = { requestsPerSecond: 3.86, levelPerSecond: 3.5, steadySeconds: 600, jumped: false };
const kept = { replicas: 9, holdSeconds: 360, sure: false };
const reasons = { played: 2000, demand, horizonSeconds: 90, steady: 12, waiting: 40, kept, tolerated: 0.025 };
const sizing = { missShare: (workers: number) => (workers < 12 ? 0.046 : 0.024) };

describe("sizeSentence", () => {
  it("says what would be missed on the fleet that is, and on the one wanted", () => {
    expect(sizeSentence(9, 12, reasons, sizing)).toBe(
      "Scale up 9 → 12: at 3.86 requests/s (expected in 90 s) like the last 2000, 4.6 % of the requests that can meet the SLA would miss it on 9, 2.5 % may; on 12 it is 2.4 %.",
    );
  });

  it("says what is added for a backlog", () => {
    expect(sizeSentence(9, 18, reasons, sizing)).toBe(
      "Scale up 9 → 18: 40 requests wait for their first token; 12 are enough at 3.86 requests/s (expected in 90 s) like the last 2000, with 18 what waits is worked off sooner.",
    );
  });

  it("says why fewer are enough", () => {
    const less = { ...reasons, steady: 12 };
    expect(sizeSentence(14, 12, less, sizing)).toMatch(
      /^Scale down 14 → 12: 12 would have sufficed for 360 s; at 3.86 /,
    );
    expect(sizeSentence(14, 12, { ...less, kept: { ...kept, sure: true } }, sizing)).toMatch(
      /^Scale down 14 → 12: 12 would do at three times the traffic; /,
    );
    expect(sizeSentence(12, 12, reasons, sizing)).toMatch(/^Stay at 12: .* 2.4 % of the requests .* 2.5 % may.$/);
  });

  it("never says that none would be missed when some are", () => {
    const few = { missShare: () => 0.0004 };
    expect(sizeSentence(12, 12, reasons, few)).toMatch(/^Stay at 12: .* 0.1 % of the requests /);
  });
});
