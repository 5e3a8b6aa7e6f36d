import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenCase, rowsOf, summaryDifferences } from "./golden-case.ts";
import { aggregatedCases, kvRouterCases, passByPassCases, sglangCases } from "./golden-static-cases.ts";
import { resultOf } from "./result-of.ts";
import { hasShared, sharedPath } from "./shared-data.ts";

describe.skipIf(!hasShared)("the SGLang-like engine equals the reference's runs (needs ../shared)", () => {
  it.each(sglangCases)("%s", async (name) => {
    const golden = readGoldenCase(name);
    const outcome = simulate(await openTrace(golden.tracePath), golden.config);
    expect(outcome.engine).toBe("pass-by-pass");
    expect(differences(golden.rows, rowsOf(outcome))).toEqual([]);
    expect(summaryDifferences(golden.summary, resultOf(outcome, golden.config))).toEqual([]);
  });

  it("and every recorded static run is compared by one of the tests", () => {
    const compared = [...aggregatedCases, ...passByPassCases, ...sglangCases, ...kvRouterCases];
    const recorded = ["static", "current"].flatMap((folder) =>
      readdirSync(sharedPath("reference", folder)).map((name) => `${folder}/${name}`),
    );
    expect(recorded.filter((name) => !compared.includes(name))).toEqual([]);
  });
});
