import { expect, test } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import type { Planner, Targets } from "../planner/planner.ts";
import { nearestOffer, offerAfterRounding } from "./offer-grid.ts";

test("what rounding puts above a whole millisecond is offered after it", () => {
  expect(42_000 / 0.7).toBeGreaterThan(60_000);
  expect(nearestOffer(42_000 / 0.7)).toBe(60_000e6);
  expect(offerAfterRounding(42_000 / 0.7)).toBe(60_000e6 + 1 / 8);
  for (const ms of [0, 60_000, 59_999.999_999_999_99, 60_000.25, 42_001 / 0.7, 1e6 / 3]) {
    expect(offerAfterRounding(ms)).toBe(nearestOffer(ms));
  }
});

// ai-dynamo 1.4.2 counts no request of these in the 20 s before its tick at 60 s, and 9 in those before 80 s.
test.each([
  ["dynamo-1.4", [1, 0, 0, 9]],
  ["current", [1, 0, 3, 6]],
] as const)("arrivals at a tick but for rounding, %s", async (semantics, expected) => {
  const times = [0, 42_000, 42_000, 42_000, 42_001, 42_001, 50_000, 50_000, 50_000, 50_000, 80_000];
  const rows = times.map((at) => ({ at, input: 64, output: 2 }));
  const counts: number[] = [];
  const planner = {
    firstTickSeconds: () => 20,
    onTick({ nowSeconds, traffic }): Targets {
      counts.push(traffic.offeredRequests);
      return { replicas: {}, nextTickSeconds: nowSeconds + 20 };
    },
  } as Planner;
  for (const sessions of [false, true]) {
    counts.length = 0;
    const given = rows.map((row, i) => (sessions ? { ...row, session: `s${i}` } : row));
    await smallRun(given, { flags: ["--arrival-speedup-ratio", "0.7"], semantics, change: { planner } });
    expect(counts.slice(0, 4)).toEqual(expected);
  }
});
