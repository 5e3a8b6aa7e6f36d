import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ConfigError, ProblemList, type ConfigProblem } from "../config/config-error.ts";
import { loadDocument } from "../config/document.ts";
import { choosePolicy } from "../config/policy-choice.ts";
import type { ReplayOptions } from "../config/replay-options.ts";
import { validate } from "../config/validate.ts";
import { replayFrom } from "../sweep/plan-file.ts";
import { fixedFleet, fleetSize } from "./fixed-fleet.ts";
import type { FixedFleet } from "./fixed-fleet.ts";
import { soundParts, studyPlanSchema, type WrittenPolicy, type WrittenTrace } from "./study-plan-schema.ts";
import { isPreset, unknownPreset } from "../trace/presets/preset-names.ts";

/** One workload of a study. */
export interface StudyTrace {
  readonly name: string;
  readonly trace: string | readonly string[];
  /** Workers a policy finds at the start, in place of what the options all runs share say. */
  readonly start: Partial<Pick<ReplayOptions, "numWorkers" | "numPrefillWorkers" | "numDecodeWorkers">>;
}

/** One contestant: a policy with its knobs, under a name of its own. */
export interface StudyPolicy {
  readonly name: string;
  readonly policy: string;
  /** Knobs; null = its defaults. */
  readonly policyConfig: Readonly<Record<string, unknown>> | null;
  /** Put into the common planner configuration. */
  readonly plannerConfig: Readonly<Record<string, unknown>>;
}

/** A study: every policy on every trace at every start-up time and seed. */
export interface StudyPlan {
  readonly traces: readonly StudyTrace[];
  readonly policies: readonly StudyPolicy[];
  /** Seconds; null = that of the engine arguments. */
  readonly startupTimes: readonly number[] | null;
  readonly seeds: readonly number[];
  /** Fixed fleets that policies are held against; the largest sets the ceiling. */
  readonly staticFleets: readonly FixedFleet[];
  readonly ttftMs: number;
  readonly itlMs: number;
  /** Options all runs share. */
  readonly replay: ReplayOptions;
}

/**
 * Reads a study's plan: YAML or JSON, inline or a path. Trace files are looked for in `tracesFolder`, else beside the
 * plan, else as they are.
 * @throws ConfigError with every mistake found
 */
export async function readStudyPlan(given: string, tracesFolder: string | null): Promise<StudyPlan> {
  const problems = new ProblemList();
  const document = await loadDocument(given, "--plan", problems);
  problems.throwIfAny();
  const plan = validate(studyPlanSchema, document, "--plan", problems);
  const { traces, policies, replay = {} } = plan ?? soundParts(document);
  const options = replayFrom(replay, "--plan replay", problems);
  for (const key of ["policy", "policyConfig", "trace", "seed"] as const) {
    if (options[key as keyof ReplayOptions] !== undefined)
      problems.add(`--plan replay.${key}`, "is for the plan itself, not for what its runs share");
  }
  const named = policies.map((one) => policyOf(one));
  const staticFleets = fleetsOf(plan?.static_fleets ?? [], isDisaggregated(options), problems);
  checkNames("traces", traces, problems);
  checkNames("policies", named, problems);
  const folders = tracesFolder === null ? planFolder(given) : [tracesFolder];
  const placedTraces = traces.map((one): StudyTrace => ({
    name: one.name,
    trace: placed(one.trace, folders),
    start: startOf(one),
  }));
  if (problems.problems.length > 0) {
    // Nobody looks at a refused plan again: what else is wrong with it is told now.
    for (const { where, message } of traceProblems(placedTraces)) problems.add(where, message);
    for (const one of named) await checkPolicy(one, problems);
  }
  problems.throwIfAny();
  return {
    traces: placedTraces,
    policies: named,
    startupTimes: plan!.startup_times === undefined ? null : unique(plan!.startup_times),
    seeds: unique(plan!.seeds ?? [0]),
    staticFleets,
    ttftMs: plan!.sla_ttft_ms,
    itlMs: plan!.sla_itl_ms,
    replay: options,
  };
}

/** Tells a policy nobody knows, or knobs it does not have. */
async function checkPolicy({ name, policy, policyConfig }: StudyPolicy, problems: ProblemList): Promise<void> {
  const found = new ProblemList();
  await choosePolicy({ policy, policyConfig }, { policy: null, policyConfig: {} }, found);
  for (const problem of found.problems) problems.add(ofPolicy(name, problem.where), problem.message);
}

/** How mistakes of a policy are named. */
function ofPolicy(name: string, where: string): string {
  return `--plan policy "${name}": ${where}`;
}

/** How a mistake is named that several policies may share. */
export function ofPolicies(names: readonly [string, ...string[]], where: string): string {
  if (names.length === 1) return ofPolicy(names[0], where);
  const told = names.slice(0, 3).map((name) => `"${name}"`);
  const rest = names.length > told.length ? ` and ${names.length - told.length} more` : "";
  return `--plan policies ${told.join(", ")}${rest}: ${where}`;
}

function policyOf(given: WrittenPolicy): StudyPolicy {
  if (typeof given === "string") return { name: given, policy: given, policyConfig: null, plannerConfig: {} };
  const { name, policy, policy_config: policyConfig, planner_config: plannerConfig } = given;
  return { name: name ?? policy, policy, policyConfig: policyConfig ?? null, plannerConfig: plannerConfig ?? {} };
}

/** Whether the runs of these options have two pools. */
export function isDisaggregated(options: ReplayOptions): boolean {
  return options.prefillEngineArgs !== undefined || options.decodeEngineArgs !== undefined;
}

/** Fixed fleets by size, each once. */
function fleetsOf(
  given: readonly (number | string)[],
  disaggregated: boolean,
  problems: ProblemList,
): readonly FixedFleet[] {
  const written = [...new Set(given.map(String))];
  const fleets = written.map((text) => fixedFleet(text)!);
  const misfits = written.filter((text) => text.includes("p") !== disaggregated);
  if (misfits.length > 0) {
    const expected = disaggregated
      ? 'the runs have two pools: write "3p1d" for three prefill workers and one decode worker'
      : "the runs have one pool (no prefill_engine_args or decode_engine_args): write a number of workers";
    problems.add("--plan static_fleets", `${misfits.join(", ")}: ${expected}`);
  }
  return fleets.toSorted((a, b) => fleetSize(a) - fleetSize(b));
}

function startOf(trace: WrittenTrace): StudyTrace["start"] {
  const {
    num_workers: numWorkers,
    num_prefill_workers: numPrefillWorkers,
    num_decode_workers: numDecodeWorkers,
  } = trace;
  return {
    ...(numWorkers === undefined ? {} : { numWorkers }),
    ...(numPrefillWorkers === undefined ? {} : { numPrefillWorkers }),
    ...(numDecodeWorkers === undefined ? {} : { numDecodeWorkers }),
  };
}

function checkNames(key: string, entries: readonly { readonly name: string }[], problems: ProblemList): void {
  const names = entries.map(({ name }) => name);
  for (const name of new Set(names.filter((one, i) => names.indexOf(one) !== i))) {
    problems.add(`--plan ${key}`, `the name "${name}" is given twice`);
  }
}

/** Folder of a plan that is a file. */
function planFolder(given: string): string[] {
  const path = given.replace(/^@/, "");
  return existsSync(path) ? [dirname(path)] : [];
}

/** A trace's file in the first folder that has it. */
function placed(trace: StudyTrace["trace"], folders: readonly string[]): StudyTrace["trace"] {
  if (typeof trace !== "string") return trace.map((one) => placed(one, folders) as string);
  if (trace.startsWith("preset:")) return trace;
  const found = folders.map((folder) => resolve(folder, trace)).find((path) => existsSync(path));
  return found ?? trace;
}

function unique(values: readonly number[]): number[] {
  return [...new Set(values)];
}

/** Tells traces that are not there and presets nobody knows, all of them at once, before anything runs. */
export function checkTraceFiles({ traces }: StudyPlan): void {
  const problems = traceProblems(traces);
  if (problems.length > 0) throw new ConfigError(problems);
}

function traceProblems(traces: readonly StudyTrace[]): ConfigProblem[] {
  return traces
    .flatMap(({ trace }) => trace)
    .map((path) => (path.startsWith("preset:") ? presetProblem(path.slice("preset:".length)) : fileProblem(path)))
    .flatMap((message) => (message === null ? [] : [{ where: "--plan traces", message }]));
}

function presetProblem(name: string): string | null {
  return isPreset(name) ? null : `preset:${name}: ${unknownPreset(name)}`;
}

function fileProblem(path: string): string | null {
  return existsSync(path) ? null : `cannot read ${path}: no such file; --traces FOLDER says where trace files are`;
}
