import { describe, expect, it } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenCase, rowsOf } from "./golden-case.ts";
import { GoldenChoices } from "./golden-choice.ts";
import { hasShared } from "./shared-data.ts";

const cases = ["static/conv-kv4", "static/syn-kv2", "static/conv-disagg-kv-3p2d", "static/kv-dp2", "static/dis-kvbw"];

describe.skipIf(!hasShared)("the KV-aware router (needs ../shared)", () => {
  it.each(cases)("finds every decision of %s the cheapest, and following them gives every request", async (name) => {
    const golden = readGoldenCase(name);
    const trace = await openTrace(golden.tracePath);
    const choices = new GoldenChoices(trace, golden.rows);
    const outcome = simulate(trace, { ...golden.config, targetChoice: choices.byRole });
    expect(choices.violations).toEqual([]);
    expect(differences(golden.rows, rowsOf(outcome))).toEqual([]);
  });
});
