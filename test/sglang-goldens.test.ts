import { describe, expect, it } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenCase, rowsOf, summaryDifferences } from "./golden-case.ts";
import { resultOf } from "./result-of.ts";
import { hasShared } from "./shared-data.ts";

const cases = [
  "static/syn-sglang",
  "static/syn-sglang-page16",
  "static/sgl-dis",
  "static/sgl1-small",
  "static/sgl16-lpm",
  "current/syn-sglang",
  "current/sgl1-small",
  "current/sgl16-lpm",
];

describe.skipIf(!hasShared)("the SGLang-like engine equals the reference's runs (needs ../shared)", () => {
  it.each(cases)("%s", async (name) => {
    const golden = readGoldenCase(name);
    const outcome = simulate(await openTrace(golden.tracePath), golden.config);
    expect(outcome.engine).toBe("pass-by-pass");
    expect(differences(golden.rows, rowsOf(outcome))).toEqual([]);
    expect(summaryDifferences(golden.summary, resultOf(outcome, golden.config))).toEqual([]);
  });
});
