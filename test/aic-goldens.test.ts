import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ProblemList } from "../src/config/config-error.ts";
import { validateEngineArgs } from "../src/config/engine-args.ts";
import { resolveEngine } from "../src/config/resolve-engine.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, readGoldenRows, rowsOf } from "./golden-case.ts";
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

describe.skipIf(!hasShared)("runs timed by AIConfigurator's tables equal the reference's (needs ../shared)", () => {
  it.each(cases)(
    "%s",
    async (name) => {
      const described = JSON.parse(readFileSync(sharedPath("reference", name, "case.json"), "utf8")) as {
        trace: string;
        args: unknown[];
      };
      const option = (flag: string) => described.args[described.args.indexOf(flag) + 1];
      const given = { ...(option("--extra-engine-args") as object), perf_data: sharedPath("perf", "aic") };
      const problems = new ProblemList();
      const args = validateEngineArgs(given, "--extra-engine-args", "aggregated", problems);
      problems.throwIfAny();
      const { engine } = await resolveEngine(args!);
      expect(engine.perfModel.provenance.kind).toBe("tables");
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
      expect(differences(readGoldenRows(name), rowsOf(outcome))).toEqual([]);
    },
    60_000,
  );
});
