import { describe, expect, it } from "vitest";
import type { RunConfig } from "../src/simulation/run-config.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenCase, rowsOf } from "./golden-case.ts";
import { kvRouterCases } from "./golden-static-cases.ts";
import { GoldenChoices } from "./golden-choice.ts";
import { resultOf } from "./result-of.ts";
import { hasShared } from "./shared-data.ts";

describe.skipIf(!hasShared)("the KV-aware router (needs ../shared)", () => {
  it.each(kvRouterCases)(
    "finds every decision of %s the cheapest, and following them gives every request",
    async (name) => {
      const golden = readGoldenCase(name);
      const trace = await openTrace(golden.tracePath);
      const choices = new GoldenChoices(trace, golden.rows);
      const outcome = simulate(trace, { ...golden.config, targetChoice: choices.byRole });
      expect(choices.violations).toEqual([]);
      expect(differences(golden.rows, rowsOf(outcome))).toEqual([]);
    },
  );

  it.each(kvRouterCases)(
    "comes close to %s (3 percent) with ties drawn from a seed, and beats round robin",
    async (name) => {
      const golden = readGoldenCase(name);
      const trace = await openTrace(golden.tracePath);
      const run = (change: Partial<RunConfig>) => {
        const config = { ...golden.config, ...change };
        return resultOf(simulate(trace, config), config) as unknown as Record<string, number>;
      };
      const turns = run({ routerMode: "round_robin" });
      for (const seed of [0, 1]) {
        const drawn = run({ seed });
        for (const figure of ["mean_ttft_ms", "p90_ttft_ms"]) {
          const wanted = golden.summary[figure] as number;
          expect(Math.abs(drawn[figure]! / wanted - 1), `${figure} ${drawn[figure]} for ${wanted}`).toBeLessThan(0.03);
        }
        expect(drawn["mean_ttft_ms"]).toBeLessThan(turns["mean_ttft_ms"]!);
      }
    },
  );
});
