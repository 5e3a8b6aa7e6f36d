import { describe, expect, it } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import type { SimulationOutcome } from "../src/simulation/outcome.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { readPlannerCase } from "./planner-case.ts";
import type { PlannerCase } from "./planner-case.ts";
import { hasShared } from "./shared-data.ts";

/**
 * Recorded runs of the reference, and how far each repeats: the reference evicts samples in random order, so from some
 * time on it differs from itself (planner-findings §1). Events are compared before `eventsUntil`, estimates and what
 * follows from them before `estimatesUntil`.
 */
const cases: readonly { name: string; eventsUntil: number; estimatesUntil: number }[] = [
  { name: "conv-agg-throughput-target", eventsUntil: Infinity, estimatesUntil: Infinity },
  { name: "tool1000-agg-x4", eventsUntil: Infinity, estimatesUntil: Infinity },
  { name: "syn-agg-sla", eventsUntil: Infinity, estimatesUntil: Infinity },
  { name: "syn-agg-x2", eventsUntil: Infinity, estimatesUntil: 450 },
  { name: "conv-agg-sla", eventsUntil: Infinity, estimatesUntil: 1380 },
  { name: "conv-agg-sla-start120", eventsUntil: Infinity, estimatesUntil: 1090 },
  { name: "conv-agg-sla-start30", eventsUntil: 3160, estimatesUntil: 920 },
  { name: "conv-agg-load-only", eventsUntil: 2740, estimatesUntil: 2740 },
  { name: "conv-disagg-sla", eventsUntil: Infinity, estimatesUntil: 620 },
  { name: "conv-disagg-tight", eventsUntil: 2210, estimatesUntil: 470 },
];

describe.skipIf(!hasShared)("planner runs equal the reference's (needs ../shared)", () => {
  it.each(cases)("$name", async ({ name, eventsUntil, estimatesUntil }) => {
    const golden = readPlannerCase(name);
    const outcome = simulate(await openTrace(golden.tracePath), golden.config);
    expect(outcome.endedEarly).toBeNull();
    expect(eventsOf(outcome, eventsUntil)).toEqual(golden.events.filter(({ atSeconds }) => atSeconds < eventsUntil));
    expect(tickDifferences(golden, outcome, eventsUntil, estimatesUntil)).toEqual([]);
  });
});

function eventsOf({ scalingEvents }: SimulationOutcome, until: number) {
  return scalingEvents
    .filter(({ atSeconds }) => atSeconds < until)
    .map(({ atSeconds, pool, from, to }) => ({ atSeconds, pool, from, to }));
}

/** Fields that follow from learned pass times or from forecasts of what they led to. */
const estimated = /^(estimated|predicted|engine_rps|load_decision_reason|throughput_)/;
/** Fields of the log file rather than of the tick. */
const fileFields = new Set(["kind", "schema", "timestamp_utc", "observed_request_duration_seconds"]);

function tickDifferences(golden: PlannerCase, outcome: SimulationOutcome, events: number, estimates: number): string[] {
  const ours = outcome.ticks.flatMap(({ record }) => (record === null ? [] : [record]));
  const lines: string[] = [];
  golden.ticks.forEach((tick, i) => {
    const at = tick["timestamp_s"] as number;
    if (at >= events) return;
    for (const [field, want] of Object.entries(tick)) {
      if (fileFields.has(field) || (estimated.test(field) && at >= estimates)) continue;
      const got = ours[i]?.[field];
      if (!alike(got, want)) lines.push(`t=${at} ${field}: ${JSON.stringify(got)} instead of ${JSON.stringify(want)}`);
    }
  });
  if (events === Infinity && ours.length !== golden.ticks.length) lines.push(`${ours.length} ticks`);
  return lines.slice(0, 20);
}

/** Equal, numbers within 1e-6 of each other's size. */
function alike(got: unknown, want: unknown): boolean {
  if (typeof got === "number" && typeof want === "number") {
    return Math.abs(got - want) <= 1e-6 * Math.max(Math.abs(got), Math.abs(want));
  }
  if (Array.isArray(want))
    return Array.isArray(got) && got.length === want.length && want.every((w, i) => alike(got[i], w));
  if (typeof want === "object" && want !== null) {
    return Object.entries(want).every(([key, value]) => alike((got as Record<string, unknown> | null)?.[key], value));
  }
  return got === want;
}
