import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ReplayOptions } from "../config/replay-options.ts";
import { traceShards } from "../config/trace-shards.ts";
import { gpuOf } from "../perf/gpu.ts";
import { modelFiles } from "../perf/load-model.ts";
import { profileFiles } from "../perf/profile/results-folder-profile.ts";
import { systemsFolderOf } from "../perf/tables/table-folder.ts";

/** Content of the files a run reads beside its trace: path → SHA-256 (hex), null where there is nothing to read. */
export type FileDigests = Readonly<Record<string, string | null>>;

/**
 * Digests of all data files that options name: tables, profiles, calibrations, model configurations, warm-up traces and
 * policies of a router. Documents that have not been read could name anything; they are not looked into.
 */
export function namedFileDigests(options: ReplayOptions): FileDigests {
  const paths = [...new Set(namedFiles(options))].toSorted();
  return Object.fromEntries(paths.map((path) => [path, fileDigest(path)]));
}

function namedFiles(options: ReplayOptions): string[] {
  const { extraEngineArgs, prefillEngineArgs, decodeEngineArgs, plannerConfig, routerConfig } = options;
  const { perfData, aicSystem, aicModelPath, routerPolicyConfig } = options;
  const engines = [extraEngineArgs, prefillEngineArgs, decodeEngineArgs].filter(isDocument);
  const estimator = { aic_system: aicSystem, aic_model_path: aicModelPath };
  const names = [...engines, estimator].flatMap((args) => engineFiles(args, perfData));
  if (isDocument(plannerConfig)) names.push(...warmUpFiles(plannerConfig["load_predictor_warmup_trace"]));
  const policies = routerPolicyConfig ?? (isDocument(routerConfig) ? routerConfig["router_policy_config"] : null);
  if (typeof policies === "string" && isFile(policies)) names.push(policies);
  return names;
}

function engineFiles(args: Document, perfData: string | undefined): string[] {
  const { perf_data: tables = perfData, planner_profile_data: profile, aic_model_path: model, aic_system: gpu } = args;
  return [
    ...(typeof tables === "string" && typeof gpu === "string" ? tableFiles(tables, gpu) : []),
    ...(typeof profile === "string" ? profileFiles(profile) : []),
    ...(typeof model === "string" ? modelFiles(model) : []),
  ];
}

/** The tables of a GPU, and what its folder says of versions and rates. */
function tableFiles(folder: string, system: string): string[] {
  const systems = systemsFolderOf(folder);
  const gpu = gpuOf(system)?.name;
  if (systems === null || gpu === undefined) return [];
  return [join(systems, "query_versions.yaml"), join(systems, `${gpu}.yaml`), ...filesIn(join(systems, "data", gpu))];
}

function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

function warmUpFiles(given: unknown): readonly string[] {
  if (typeof given !== "string" || given.startsWith("preset:")) return [];
  try {
    return traceShards(given);
  } catch {
    return [];
  }
}

type Document = Readonly<Record<string, unknown>>;

function isDocument(given: unknown): given is Document {
  return typeof given === "object" && given !== null;
}

/** Digests of files as they were when last looked at. */
const known = new Map<string, { readonly version: string; readonly digest: string }>();

function fileDigest(path: string): string | null {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path);
    const version = [mtimeMs, ctimeMs, size, ino].join(" ");
    const before = known.get(path);
    if (before?.version === version) return before.digest;
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
    known.set(path, { version, digest });
    return digest;
  } catch {
    return null;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
