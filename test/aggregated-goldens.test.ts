import { describe, expect, it } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenCase, rowsOf } from "./golden-case.ts";
import { hasShared } from "./shared-data.ts";

const cases = [
  "static/conv-rr4",
  "static/conv-rr3-bs16",
  "static/conv-rr2-speedup2",
  "static/conv-lifo4000",
  "static/conv-rr1-conc64",
  "static/syn-rr2",
  "static/syn-nocache",
  "static/syn-smallkv-lifo",
  "static/syn-trtllm",
  "static/syn-trtllm-smallkv",
  "static/tool1000-rr2",
  "static/tool1000-nochunk",
  "static/tool1000-conc32x3",
  "static/ident-open",
  "current/conv-rr4",
  "current/conv-rr2-speedup2",
  "current/syn-rr2",
  "current/syn-nocache",
  "current/syn-smallkv-lifo",
  "current/syn-trtllm",
  "current/syn-trtllm-smallkv",
  "current/tool1000-rr2",
];

describe.skipIf(!hasShared)("the aggregated engine equals the reference's runs (needs ../shared)", () => {
  it.each(cases)("%s", async (name) => {
    const golden = readGoldenCase(name);
    const outcome = simulate(await openTrace(golden.tracePath), golden.config);
    expect(outcome.engine).toBe("aggregated");
    expect(differences(golden.rows, rowsOf(outcome))).toEqual([]);
  });
});
