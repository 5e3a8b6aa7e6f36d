import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { ProblemList } from "../src/config/config-error.ts";
import { parsePlannerConfig } from "../src/config/planner-config.ts";
import { resolvePlanner } from "../src/config/resolve-planner.ts";
import type { EngineConfig } from "../src/engine/engine-config.ts";
import type { RunConfig } from "../src/simulation/run-config.ts";
import { engineConfig } from "./golden-case.ts";
import { sharedPath } from "./shared-data.ts";

/** A recorded planner run of the reference. */
export interface PlannerCase {
  readonly tracePath: string;
  readonly config: RunConfig;
  readonly events: readonly PlannerEvent[];
  /** The reference's own log, a row a recorded tick. */
  readonly ticks: readonly Readonly<Record<string, unknown>>[];
  readonly summary: Readonly<Record<string, number>>;
}

export interface PlannerEvent {
  readonly atSeconds: number;
  readonly pool: string;
  readonly from: number;
  readonly to: number;
}

/** Reads a case folder of `reference/planner`. A new planner is made every time: planners remember. */
export function readPlannerCase(name: string): PlannerCase {
  const file = (part: string) => sharedPath("reference", "planner", name, part);
  const described = JSON.parse(readFileSync(file("case.json"), "utf8")) as {
    trace: string;
    args: (string | Record<string, unknown>)[];
    planner_config: unknown;
  };
  const option = (flag: string) => {
    const at = described.args.indexOf(flag);
    return at < 0 ? undefined : described.args[at + 1];
  };
  const engine = (flag: string) => engineOf(option(flag) as Record<string, number>);
  const topology: RunConfig["topology"] =
    option("--extra-engine-args") === undefined
      ? {
          mode: "disagg",
          prefillEngine: engine("--prefill-engine-args"),
          decodeEngine: engine("--decode-engine-args"),
          numPrefillWorkers: Number(option("--num-prefill-workers") ?? 1),
          numDecodeWorkers: Number(option("--num-decode-workers") ?? 1),
        }
      : { mode: "agg", engine: engine("--extra-engine-args"), numWorkers: Number(option("--num-workers") ?? 1) };
  return {
    tracePath: sharedPath("traces", described.trace),
    config: {
      semantics: "dynamo-1.4",
      topology,
      arrivalSpeedupRatio: Number(option("--arrival-speedup-ratio") ?? 1),
      replayConcurrency: null,
      maxSimTimeSeconds: null,
      routerMode: "round_robin",
      planner: plannerFor(described.planner_config, topology),
      engine: "auto",
      seed: 0,
    },
    events: readFileSync(file("events.csv"), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => {
        const [at, pool, from, to] = line.trim().split(",");
        return { atSeconds: Number(at), pool: pool!, from: Number(from), to: Number(to) };
      }),
    ticks: gunzipSync(readFileSync(file("ticks.jsonl.gz")))
      .toString("utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ kind }) => kind === "snapshot"),
    summary: existsSync(file("summary.json"))
      ? (JSON.parse(readFileSync(file("summary.json"), "utf8")) as Record<string, number>)
      : {},
  };
}

/** A planner made from a configuration as a user writes it. */
export function plannerFor(config: unknown, topology: RunConfig["topology"]): NonNullable<RunConfig["planner"]> {
  const problems = new ProblemList();
  const settings = parsePlannerConfig(config, "--planner-config", problems);
  const surroundings = { topology, warmUp: [], benchmarkGranularity: 8 };
  const resolved = settings === null ? null : resolvePlanner(settings, surroundings, "--planner-config", problems);
  problems.throwIfAny();
  return resolved!.planner;
}

function engineOf(args: Readonly<Record<string, number>>): EngineConfig {
  return engineConfig({
    numGpuBlocks: args["num_gpu_blocks"]!,
    blockSize: args["block_size"]!,
    startupSeconds: args["startup_time"] ?? 0,
  });
}
