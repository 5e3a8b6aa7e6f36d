import { readFileSync } from "node:fs";
import { ProblemList } from "../src/config/config-error.ts";
import { validateEngineArgs } from "../src/config/engine-args.ts";
import type { WorkerRole } from "../src/config/validated-engine-args.ts";
import { engineConfigOf } from "../src/config/engine-config-of.ts";
import { parseYaml } from "../src/config/parse-yaml.ts";
import { validatePolicyConfig } from "../src/config/policy-profile-config.ts";
import { validateRouterConfig } from "../src/config/router-config.ts";
import type { EngineConfig } from "../src/engine/engine-config.ts";
import type { SemanticsName } from "../src/engine/semantics.ts";
import type { KvRouterSettings } from "../src/router/kv-router-settings.ts";
import type { RunConfig } from "../src/simulation/run-config.ts";
import { polynomialPerfModel } from "../src/perf/polynomial.ts";

/** Arguments of the reference's command line, JSON options as objects. */
export type ReplayArguments = readonly (string | Readonly<Record<string, unknown>>)[];

/** The run a command line of the reference stands for (static runs with the built-in timing). */
export function replayConfig(
  args: ReplayArguments,
  semantics: SemanticsName,
  engine: RunConfig["engine"] = "auto",
): RunConfig {
  const value = (flag: string) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
  const number = (flag: string, missing: number) => Number(value(flag) ?? missing);
  const numberOrNull = (flag: string) => (args.includes(flag) ? Number(value(flag)) : null);
  const shared = {
    semantics,
    arrivalSpeedupRatio: number("--arrival-speedup-ratio", 1),
    replayConcurrency: numberOrNull("--replay-concurrency"),
    maxSimTimeSeconds: numberOrNull("--max-sim-time-seconds"),
    routerMode: (value("--router-mode") ?? "round_robin") as RunConfig["routerMode"],
    kvRouter: routerOf(value("--router-config"), semantics),
    planner: null,
    engine,
    seed: 0,
  };
  if (!args.includes("--prefill-engine-args")) {
    const flag = "--extra-engine-args";
    return {
      ...shared,
      topology: {
        mode: "agg",
        engine: engineOf(value(flag) ?? {}, flag, "aggregated"),
        numWorkers: number("--num-workers", 1),
      },
    };
  }
  return {
    ...shared,
    topology: {
      mode: "disagg",
      prefillEngine: engineOf(value("--prefill-engine-args"), "--prefill-engine-args", "prefill"),
      decodeEngine: engineOf(value("--decode-engine-args"), "--decode-engine-args", "decode"),
      numPrefillWorkers: number("--num-prefill-workers", 1),
      numDecodeWorkers: number("--num-decode-workers", 1),
    },
  };
}

/** A router configuration, and the policy document it names, through the validation a user's go through. */
function routerOf(given: unknown, semantics: SemanticsName): KvRouterSettings {
  const problems = new ProblemList();
  const path = (given as { router_policy_config?: string } | undefined)?.router_policy_config;
  const policy =
    path === undefined ? null : validatePolicyConfig(parseYaml(readFileSync(path, "utf8")), path, null, problems);
  const router = validateRouterConfig(
    given,
    "--router-config",
    { policy: policy?.profile ?? null, semantics },
    problems,
  );
  problems.throwIfAny();
  return router!.settings;
}

/** Engine arguments through the validation a user's go through. */
export function engineOf(given: unknown, flag = "--extra-engine-args", role: WorkerRole = "aggregated"): EngineConfig {
  const problems = new ProblemList();
  const args = validateEngineArgs(given, flag, role, problems);
  problems.throwIfAny();
  const { tensorParallelSize, dpSize, kvTiers } = args!;
  const performance = {
    perfModel: polynomialPerfModel,
    numGpuBlocks: null,
    gpusPerWorker: tensorParallelSize * dpSize,
  };
  return engineConfigOf(args!, performance, kvTiers);
}
