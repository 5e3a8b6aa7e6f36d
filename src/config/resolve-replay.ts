import type { EngineConfig } from "../engine/engine-config.ts";
import type { ResultContext } from "../result/build-run-result.ts";
import type { ConfigValue } from "../result/schema.ts";
import type { RunConfig } from "../simulation/run-config.ts";
import { ProblemList } from "./config-error.ts";
import { documentValues, resolveClient, resolveFaults } from "./disruptions.ts";
import type { ResolvedFaults } from "./disruptions.ts";
import { loadDocument } from "./document.ts";
import { nearestName } from "./nearest-name.ts";
import { checkTiersStayWhole, replayEngines } from "./replay-engines.ts";
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
import { validate } from "./validate.ts";
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
  const given = await givenValues(options, problems);
  const workload = workloadFrom(given);
  const checked = await checkDocuments(given, problems);
  problems.throwIfAny();
  const parts = await resolveParts(given, checked, problems);
  problems.throwIfAny();
  const { autoscaler } = parts;
  return {
    workload,
    run: runOf(given, workload, parts),
    faults: parts.faults,
    context: contextOf(options, given, parts),
    aim: autoscaler?.heedsSla === true ? autoscaler.sla : null,
    plannerReport: autoscaler?.report ?? null,
  };
}

/** Every option's value or default, each checked for itself and all against each other. */
async function givenValues(options: ReplayOptions, problems: ProblemList): Promise<ReplayValues> {
  checkNames(options, problems);
  const values = {} as Record<keyof ReplayOptions, unknown>;
  for (const option of replayOptions) values[optionKey(option.flag)] = await valueOf(option, options, problems);
  const given = { ...values, trace: options.trace ?? null } as ReplayValues;
  checkReplayRules(given, options, problems);
  return given;
}

/** What the documents among the options say, checked as far as it can be before engines are priced. */
async function checkDocuments(given: ReplayValues, problems: ProblemList) {
  const engines = replayEngines(given, problems);
  const router = await resolveRouter(given, engines, problems);
  const { plannerConfig, policy, clientConfig, faultConfig } = given;
  const mode = "engine" in engines ? "agg" : "disagg";
  const settings = await autoscalerSettings(plannerConfig, given, mode, problems);
  const pools = Object.values(engines);
  checkGpuBudget(plannerConfig, policy, given.semantics!, pools, "--planner-config", problems);
  const client = resolveClient(clientConfig, "--client-config", problems);
  const faults = resolveFaults(faultConfig, mode, "--fault-config", problems);
  return { engines, router, settings, client, faults };
}

type CheckedDocuments = Awaited<ReturnType<typeof checkDocuments>>;

/** The parts of a run: engines with pass times and capacity, and what is made for them. */
async function resolveParts(given: ReplayValues, checked: CheckedDocuments, problems: ProblemList) {
  const { router, settings, client, faults } = checked;
  const engines: Record<string, ResolvedEngine> = {};
  for (const [name, args] of Object.entries(checked.engines))
    engines[name] = await resolveEngine(args!, given.semantics!);
  const topology = topologyOf(engines, given);
  checkTiersStayWhole(engines, { client, faults }, problems);
  const estimate = router?.estimator == null ? null : await prefillEstimate(router.estimator);
  const scaled = { topology, seed: given.seed!, benchmarkGranularity: given.benchmarkGranularity! };
  const autoscaler = settings === null ? null : await resolveAutoscaler(settings, scaled, problems);
  return { engines, topology, router, estimate, autoscaler, client, faults };
}

type ReplayParts = Awaited<ReturnType<typeof resolveParts>>;

function runOf(given: ReplayValues, workload: WorkloadSpec, parts: ReplayParts): RunConfig {
  const { topology, router, estimate, autoscaler, client } = parts;
  return {
    semantics: given.semantics!,
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
  };
}

function contextOf(
  options: ReplayOptions,
  given: ReplayValues,
  { engines, topology, router, autoscaler }: ReplayParts,
): ResolvedReplay["context"] {
  return {
    semantics: given.semantics!,
    mode: topology.mode,
    gpusPerWorker: gpusPerWorker(topology),
    config: configOf(options, given, engines, autoscaler?.values ?? {}),
    warnings: [
      ...optionsWithoutEffect(given, options),
      ...Object.values(engines).flatMap(({ warnings }) => warnings),
      ...(router?.warnings ?? []),
      ...(autoscaler?.warnings ?? []),
    ],
    sla: slaOf(given) ?? autoscaler?.sla ?? null,
    policy: autoscaler?.name ?? null,
  };
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
