import { describe, expect, it } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenCase, rowsOf, summaryDifferences } from "./golden-case.ts";
import { aggregatedCases } from "./golden-static-cases.ts";
import { resultOf } from "./result-of.ts";
import { hasShared } from "./shared-data.ts";

describe.skipIf(!hasShared)(
  "the plain engine gives the same on what the aggregated one takes (needs ../shared)",
  () => {
    it.each(aggregatedCases)("%s", async (name) => {
      const golden = readGoldenCase(name);
      const config = { ...golden.config, engine: "pass-by-pass" as const };
      const outcome = simulate(await openTrace(golden.tracePath), config);
      expect(outcome.engine).toBe("pass-by-pass");
      expect(differences(golden.rows, rowsOf(outcome))).toEqual([]);
      expect(summaryDifferences(golden.summary, resultOf(outcome, config))).toEqual([]);
    });
  },
);
