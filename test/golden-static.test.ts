import { describe, expect, it } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenCase, rowsOf, summaryDifferences } from "./golden-case.ts";
import { aggregatedCases, passByPassCases } from "./golden-static-cases.ts";
import { resultOf } from "./result-of.ts";
import { hasShared } from "./shared-data.ts";

const cases = [
  ...aggregatedCases.map((name) => ({ name, engine: "aggregated" })),
  ...passByPassCases.map((name) => ({ name, engine: "pass-by-pass" })),
];

describe.skipIf(!hasShared)(
  "static runs equal the reference's, row by row and figure by figure (needs ../shared)",
  () => {
    it.each(cases)("$name on the $engine engine", async ({ name, engine }) => {
      const golden = readGoldenCase(name);
      const outcome = simulate(await openTrace(golden.tracePath), golden.config);
      expect(outcome.engine).toBe(engine);
      expect(differences(golden.rows, rowsOf(outcome))).toEqual([]);
      expect(summaryDifferences(golden.summary, resultOf(outcome, golden.config))).toEqual([]);
    });
  },
);
