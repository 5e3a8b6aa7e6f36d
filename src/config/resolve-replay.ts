import type { EngineConfig } from "../engine/engine-config.ts";
import type { SemanticsName } from "../engine/semantics.ts";
import type { ResultContext } from "../result/build-run-result.ts";
import type { ConfigValue } from "../result/schema.ts";
import type { RunConfig } from "../simulation/run-config.ts";
import { ProblemList } from "./config-error.ts";
import { documentValues, resolveClient, resolveFaults } from "./disruptions.ts";
import type { ResolvedFaults } from "./disruptions.ts";
import { loadDocument } from "./document.ts";
import { validateEngineArgs } from "./engine-args.ts";
import type { ValidatedEngineArgs, WorkerRole } from "./validated-engine-args.ts";
import { nearestName } from "./nearest-name.ts";
import type { ReplayOption } from "./replay-option.ts";
import { replayOptions } from "./replay-option-table.ts";
import { optionKey, type ReplayOptions, type ReplayValues } from "./replay-options.ts";
import { checkReplayRules } from "./replay-rules.ts";
import { checkGpuBudget } from "./gpu-budget.ts";
import { autoscalerSettings, resolveAutoscaler } from "./resolve-autoscaler.ts";
import type { ResolvedAutoscaler } from "./resolve-autoscaler.ts";
import { resolveEngine } from "./resolve-engine.ts";
import type { ResolvedEngine } from "./resolve-engine.ts";
import { prefillEstimate, resolveRouter } from "./resolve-router.ts";
import { place, validate } from "./validate.ts";
import { optionsWithoutEffect } from "./options-without-effect.ts";
import { isUnplanned, workloadFrom } from "./workload-spec.ts";
import type { WorkloadSpec } from "./workload-spec.ts";

/** A replay ready to run: everything validated, nothing read but configuration files. */
export interface ResolvedReplay {
  readonly workload: WorkloadSpec;
  readonly run: RunConfig;
  /** Workers that fail or start slowly; null = none does. Part of the run once the trace is known. */
  readonly faults: ResolvedFaults | null;
  /** What the result needs beside the outcome; without what only the run knows. */
  readonly context: Omit<ResultContext, "windtunnelVersion" | "wallTimeMs">;
  /** The bounds the autoscaler works towards, which `--sla-…` flags do not change; null = it knows none. */
  readonly aim: ResultContext["sla"];
  /** Where the planner's page goes; null without a planner. */
  readonly plannerReport: ResolvedAutoscaler["report"];
}

/**
 * Checks all options of a replay and resolves them, with the origin of every value.
 * @throws ConfigError with every mistake found
 */
export async function resolveReplay(options: ReplayOptions): Promise<ResolvedReplay> {
  const problems = new ProblemList();
  checkNames(options, problems);
  const values = {} as Record<keyof ReplayOptions, unknown>;
  for (const option of replayOptions) values[optionKey(option.flag)] = await valueOf(option, options, problems);
  const given = { ...values, trace: options.trace ?? null } as ReplayValues;

  checkReplayRules(given, options, problems);
  const workload = workloadFrom(given);
  const disaggregated = given.prefillEngineArgs !== null || given.decodeEngineArgs !== null;
  const engines = disaggregated
    ? {
        prefill: engineArgs(given.prefillEngineArgs ?? {}, "--prefill-engine-args", "prefill", given, problems),
        decode: engineArgs(given.decodeEngineArgs ?? {}, "--decode-engine-args", "decode", given, problems),
      }
    : { engine: engineArgs(given.extraEngineArgs ?? {}, "--extra-engine-args", "aggregated", given, problems) };
  checkPair(engines, problems);
  const router = await resolveRouter(given, engines, problems);
  const settings = await autoscalerSettings(given.plannerConfig, given, problems);
  const { plannerConfig, policy, semantics } = given;
  const pools = Object.values(engines);
  checkGpuBudget(plannerConfig, policy, semantics as SemanticsName, pools, "--planner-config", problems);
  const client = resolveClient(given.clientConfig, "--client-config", problems);
  const mode = disaggregated ? "disagg" : "agg";
  const faults = resolveFaults(given.faultConfig, mode, "--fault-config", problems);
  problems.throwIfAny();

  const resolved: Record<string, ResolvedEngine> = {};
  for (const [name, args] of Object.entries(engines))
    resolved[name] = await resolveEngine(args!, given.semantics as SemanticsName);
  const topology = topologyOf(resolved, given);
  checkTiersStayWhole(resolved, { client, faults }, problems);
  const estimate = router?.estimator == null ? null : await prefillEstimate(router.estimator);
  const scaled = { topology, seed: given.seed!, benchmarkGranularity: given.benchmarkGranularity! };
  const autoscaler = settings === null ? null : await resolveAutoscaler(settings, scaled, problems);
  problems.throwIfAny();
  return {
    workload,
    run: {
      semantics: given.semantics as SemanticsName,
      topology,
      arrivalSpeedupRatio: given.arrivalSpeedupRatio!,
      replayConcurrency: given.replayConcurrency,
      ...(isUnplanned(workload) ? { outputsUnplanned: true } : {}),
      maxSimTimeSeconds: given.maxSimTimeSeconds,
      routerMode: given.routerMode!,
      ...(router === null ? {} : { kvRouter: router.settings }),
      ...(estimate === null ? {} : { prefillEstimate: estimate }),
      planner: autoscaler?.planner ?? null,
      engine: given.engine!,
      seed: given.seed!,
      ...(client === null ? {} : { client }),
    },
    faults,
    context: {
      semantics: given.semantics as SemanticsName,
      mode: topology.mode,
      gpusPerWorker: gpusPerWorker(topology),
      config: configOf(options, given, resolved, autoscaler?.values ?? {}),
      warnings: [
        ...optionsWithoutEffect(given, options),
        ...Object.values(resolved).flatMap(({ warnings }) => warnings),
        ...(router?.warnings ?? []),
        ...(autoscaler?.warnings ?? []),
      ],
      sla: slaOf(given) ?? autoscaler?.sla ?? null,
      policy: autoscaler?.name ?? null,
    },
    aim: autoscaler?.heedsSla === true ? autoscaler.sla : null,
    plannerReport: autoscaler?.report ?? null,
  };
}

/** What comes back from cache tiers cannot be interrupted, so nothing may interrupt. */
function checkTiersStayWhole(
  engines: Readonly<Record<string, ResolvedEngine>>,
  { client, faults }: { readonly client: unknown; readonly faults: unknown },
  problems: ProblemList,
): void {
  if (client === null && faults === null) return;
  if (Object.values(engines).every(({ engine }) => engine.kvTiers === undefined)) return;
  problems.add(
    client !== null ? "--client-config" : "--fault-config",
    "cannot be combined with cache tiers (num_g2_blocks): what comes back from them cannot be interrupted",
  );
}

function gpusPerWorker(topology: RunConfig["topology"]): ResultContext["gpusPerWorker"] {
  return topology.mode === "disagg"
    ? { prefill: topology.prefillEngine.gpusPerWorker, decode: topology.decodeEngine.gpusPerWorker }
    : { prefill: 0, decode: topology.engine.gpusPerWorker };
}

/** Options from code may be misspelt; those of the command line cannot. */
function checkNames(options: ReplayOptions, problems: ProblemList): void {
  const known = ["trace", ...replayOptions.map(({ flag }) => optionKey(flag))];
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const nearest = nearestName(key, known);
    problems.add("", `unknown option "${key}"${nearest === null ? "" : ` (did you mean "${nearest}"?)`}`);
  }
}

async function valueOf(option: ReplayOption, options: ReplayOptions, problems: ProblemList): Promise<unknown> {
  const where = `--${option.flag}`;
  const given: unknown = options[optionKey(option.flag)];
  if (given === undefined || given === null) return option.default ?? null;
  if (option.kind === "document") return typeof given === "string" ? loadDocument(given, where, problems) : given;
  const plain = option.flag === "trace-format" && typeof given === "string" ? formatName(given) : given;
  return validate(option.schema!, plain, where, problems);
}

/** Upper and lower case, `-` and `_` make no difference. */
function formatName(given: string): string {
  return given.toLowerCase().replaceAll("-", "_");
}

function engineArgs(
  document: unknown,
  where: string,
  role: WorkerRole,
  given: ReplayValues,
  problems: ProblemList,
): ValidatedEngineArgs | null {
  const args = validateEngineArgs(document, where, role, problems, given.perfData);
  if (args !== null && given.semantics === "dynamo-1.4") checkOldRules(args, where, problems);
  return args;
}

/** Settings ai-dynamo 1.4.2 refuses. */
function checkOldRules(args: ValidatedEngineArgs, where: string, problems: ProblemList): void {
  const refuse = (key: string, found: unknown) =>
    problems.add(
      place(where, [key]),
      `found ${JSON.stringify(found)}, which --semantics dynamo-1.4 does not know; use current`,
    );
  if (args.maxUtilization) refuse("trtllm.capacity_scheduler_policy", "max_utilization");
  if (args.given.prefill_schedule_interval != null) refuse("prefill_schedule_interval", args.prefillScheduleInterval);
  const interval = args.given.sglang?.prefill_decode_interval;
  if (interval != null) refuse("sglang.prefill_decode_interval", interval);
}

/** A hand-off needs two engines of a kind. */
function checkPair(engines: Partial<Record<string, ValidatedEngineArgs | null>>, problems: ProblemList): void {
  const { prefill, decode } = engines;
  if (prefill == null || decode == null) return;
  const where = "--prefill-engine-args, --decode-engine-args";
  if (prefill.engineType !== decode.engineType) {
    problems.add(
      where,
      `engine_type differs (${prefill.engineType}, ${decode.engineType}); both pools must run the same engine`,
    );
  }
  if (prefill.blockSize !== decode.blockSize) {
    problems.add(
      where,
      `block_size differs (${prefill.blockSize}, ${decode.blockSize}); blocks are handed over as they are`,
    );
  }
  for (const args of [prefill, decode]) {
    if (args.dpSize !== 1)
      problems.add(`${args.where} dp_size`, `found ${args.dpSize}, expected 1 in a disaggregated run`);
  }
}

function topologyOf(resolved: Record<string, ResolvedEngine>, given: ReplayValues): RunConfig["topology"] {
  const engine = (name: string): EngineConfig => resolved[name]!.engine;
  if (resolved["engine"] !== undefined) {
    return { mode: "agg", engine: engine("engine"), numWorkers: given.numWorkers! };
  }
  return {
    mode: "disagg",
    prefillEngine: engine("prefill"),
    decodeEngine: engine("decode"),
    numPrefillWorkers: given.numPrefillWorkers!,
    numDecodeWorkers: given.numDecodeWorkers!,
  };
}

function slaOf({ slaTtftMs, slaItlMs, slaE2eMs }: ReplayValues): ResultContext["sla"] {
  if (slaTtftMs === null && slaItlMs === null && slaE2eMs === null) return null;
  return { source: "flags", ttftMs: slaTtftMs, itlMs: slaItlMs, e2eMs: slaE2eMs };
}

/** Options that say where output goes, not what is simulated. */
const outputOptions = new Set(["report-json", "report-jsonl", "report-html", "quiet", "json"]);

function configOf(
  options: ReplayOptions,
  values: ReplayValues,
  engines: Record<string, ResolvedEngine>,
  planner: Readonly<Record<string, ConfigValue>>,
): Record<string, ConfigValue> {
  const config: Record<string, ConfigValue> = {};
  for (const option of replayOptions) {
    if (option.kind === "document" || outputOptions.has(option.flag)) continue;
    const key = optionKey(option.flag);
    const value = values[key];
    if (value === null) continue;
    config[`run.${option.flag.replaceAll("-", "_")}`] = {
      value: value as ConfigValue["value"],
      from: options[key] === undefined ? "default" : "given",
    };
  }
  for (const [name, { values: settings }] of Object.entries(engines)) {
    for (const [key, value] of Object.entries(settings)) config[`${name}.${key}`] = value;
  }
  for (const [key, value] of Object.entries(planner)) config[`planner.${key}`] = value;
  return {
    ...config,
    ...documentValues("client", values.clientConfig),
    ...documentValues("fault", values.faultConfig),
  };
}
