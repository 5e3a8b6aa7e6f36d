import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ProblemList } from "../src/config/config-error.ts";
import { validateEngineArgs } from "../src/config/engine-args.ts";
import { resolveEngine } from "../src/config/resolve-engine.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenRows, rowsOf } from "./golden-case.ts";
import type { GoldenRow } from "./golden-case.ts";
import { hasShared, sharedPath } from "./shared-data.ts";

const cases = [
  "aic/syn-static2",
  "aic/conv-static4",
  "aic/syn-mtp-0.8-0.6",
  "aic/tool1000-dp2",
  "aic/tool1000-mtp1",
  "aic/tool1000-speedups",
  "aic/conv-preempt3000",
];

/** Simulates a case with the tables of a folder, or with the roofline (null). */
async function run(name: string, perfData: string | null) {
  const described = JSON.parse(readFileSync(sharedPath("reference", name, "case.json"), "utf8")) as {
    trace: string;
    args: unknown[];
  };
  const option = (flag: string) => described.args[described.args.indexOf(flag) + 1];
  const given = { ...(option("--extra-engine-args") as object), ...(perfData === null ? {} : { perf_data: perfData }) };
  const problems = new ProblemList();
  const args = validateEngineArgs(given, "--extra-engine-args", "aggregated", problems);
  problems.throwIfAny();
  const { engine } = await resolveEngine(args!);
  expect(engine.perfModel.provenance.kind).toBe(perfData === null ? "roofline" : "tables");
  const outcome = simulate(await openTrace(sharedPath("traces", described.trace)), {
    semantics: "dynamo-1.4",
    topology: { mode: "agg", engine, numWorkers: Number(option("--num-workers")) },
    arrivalSpeedupRatio: 1,
    replayConcurrency: null,
    maxSimTimeSeconds: null,
    routerMode: "round_robin",
    planner: null,
    engine: "auto",
    seed: 0,
  });
  return rowsOf(outcome);
}

describe.skipIf(!hasShared)("runs timed by AIConfigurator (needs ../shared)", () => {
  it.each(cases)(
    "%s: with its tables every request as in the reference",
    async (name) => {
      expect(differences(readGoldenRows(name), await run(name, sharedPath("perf", "aic")))).toEqual([]);
    },
    60_000,
  );

  it.each(cases)(
    "%s: with the roofline mean latencies within 12 percent",
    async (name) => {
      const golden = readGoldenRows(name);
      const ours = await run(name, null);
      for (const [title, of] of [
        ["time to first token", (row: GoldenRow) => row.firstTokenMs - row.arrivalMs],
        ["latency", (row: GoldenRow) => row.lastTokenMs - row.arrivalMs],
        ["time after the first token", (row: GoldenRow) => row.lastTokenMs - row.firstTokenMs],
      ] as const) {
        const mean = (rows: readonly GoldenRow[]) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
        expect(Math.abs(mean(ours) / mean(golden) - 1), title).toBeLessThanOrEqual(0.12);
      }
    },
    60_000,
  );
});
