import type { EngineConfig } from "../engine/engine-config.ts";
import { semanticsByName, type SemanticsName } from "../engine/semantics.ts";
import { resolveEnginePerformance } from "../perf/resolve.ts";
import type { ConfigValue } from "../result/schema.ts";
import { engineArgDefaults, sglangDefaults, tierDefaults } from "./engine-arg-defaults.ts";
import type { ValidatedEngineArgs } from "./validated-engine-args.ts";
import { engineConfigOf } from "./engine-config-of.ts";
import { keysWithoutEffect } from "./engine-args-schema.ts";

/** An engine ready to simulate, and how its settings came about. */
export interface ResolvedEngine {
  readonly engine: EngineConfig;
  /** By argument name: value and where it came from. */
  readonly values: Readonly<Record<string, ConfigValue>>;
  readonly warnings: readonly string[];
}

/**
 * Turns validated arguments into the engine the simulation runs: asks the performance model for pass times and
 * key-value capacity.
 * @param semantics the rules of the run: some arguments act under one of them only
 * @throws whatever the performance model throws for people (unknown GPU, unreadable table, model that does not fit)
 */
export async function resolveEngine(
  args: ValidatedEngineArgs,
  semantics: SemanticsName = "current",
): Promise<ResolvedEngine> {
  const performance = await resolveEnginePerformance(args);
  const tiers = semanticsByName[semantics].kvTiers && args.role !== "decode" ? args.kvTiers : null;
  const derivedKvBytes = args.kvBytesPerToken === null && tiers !== null ? performance.kvBytesPerToken : null;
  const described = engineConfigOf(args, { ...performance, kvBytesPerToken: derivedKvBytes }, tiers);
  const sharesCopies = semanticsByName[semantics].kvbmSharesCopies && args.g1Backend === "kvbm";
  const engine = sharesCopies ? { ...described, sharesCopies } : described;
  const values = valuesOf(args, engine);
  if (args.numGpuBlocks === null && performance.numGpuBlocks !== null) {
    values["num_gpu_blocks"] = {
      value: engine.numGpuBlocks,
      from: "derived",
      note: "what GPU memory leaves for the key-value cache",
    };
  }
  if (derivedKvBytes !== null) {
    values["kv_bytes_per_token"] = { value: derivedKvBytes, from: "derived", note: "the model's key-value cache" };
  }
  return {
    engine,
    values,
    warnings: [...performance.notes, ...withoutEffect(args), ...tierWarnings(args, engine, semantics)],
  };
}

function valuesOf(args: ValidatedEngineArgs, engine: EngineConfig): Record<string, ConfigValue> {
  const values: Record<string, ConfigValue> = {};
  const defaults: Record<string, ConfigValue["value"]> = {
    ...engineArgDefaults,
    block_size: args.blockSize,
    startup_time: null,
    max_model_len: null,
  };
  if (args.kvTiers !== null) Object.assign(defaults, tierDefaults);
  if (args.engineType === "sglang") {
    for (const [key, value] of Object.entries(sglangDefaults)) defaults[`sglang.${key}`] = value;
  }
  if (args.speculative === null) delete defaults["aic_mtp_seed"];
  for (const [key, value] of Object.entries(defaults)) values[key] = { value, from: "default" };
  for (const [key, value] of Object.entries(args.given)) {
    if (value === undefined) continue;
    const entries = isSection(value)
      ? Object.entries(value).map(([name, v]) => [`${key}.${name}`, v] as const)
      : [[key, value] as const];
    for (const [name, given] of entries) {
      const note = keysWithoutEffect[key];
      values[name] = { value: given as ConfigValue["value"], from: "given", ...(note === undefined ? {} : { note }) };
    }
  }
  if (args.given.block_size === 0) values["block_size"] = { value: args.blockSize, from: "default" };
  if (args.given.num_gpu_blocks == null) values["num_gpu_blocks"] = { value: engine.numGpuBlocks, from: "default" };
  values["worker_type"] =
    args.given.worker_type == null
      ? { value: args.role, from: "derived", note: `from ${args.where}` }
      : { value: args.role, from: "given" };
  values["gpus_per_worker"] = {
    value: engine.gpusPerWorker,
    from: "derived",
    note: "tensor parallel size × data-parallel ranks",
  };
  const { kind, description } = engine.perfModel.provenance;
  values["perf_model"] = { value: kind, from: "derived", note: description };
  return values;
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withoutEffect({ given, where, aic }: ValidatedEngineArgs): string[] {
  const warnings = Object.entries(keysWithoutEffect)
    .filter(([key]) => isSet(given[key as keyof typeof given]))
    .map(([key, why]) => `${where} ${key} has no effect: ${why}`);
  if (aic === null) {
    const idle = Object.keys(given).filter(
      (key) => key.startsWith("aic_") && !needNoBackend.has(key) && isSet(given[key as keyof typeof given]),
    );
    if (idle.length > 0)
      warnings.push(`${where} ${idle.join(", ")} ${idle.length === 1 ? "has" : "have"} no effect without aic_backend`);
  }
  return warnings;
}

/** What asking for cache tiers does not do. */
function tierWarnings({ kvTiers, role, where }: ValidatedEngineArgs, engine: EngineConfig, semantics: SemanticsName) {
  if (kvTiers === null) return [];
  if (!semanticsByName[semantics].kvTiers) {
    const does = engine.engineType === "sglang" ? "has no effect" : 'only selects g1_backend "kvbm"';
    const acts = `${where} num_g2_blocks ${does}`;
    return [`${acts}: ai-dynamo 1.4.2 as published ignores cache tiers, and so does --semantics ${semantics}`];
  }
  if (role === "decode") return [`${where} num_g2_blocks has no effect: decode workers get their prompts by hand-off`];
  if (engine.kvBytesPerToken > 0) return [];
  return [`${where} kv_bytes_per_token is not given: transfers between cache tiers take no time`];
}

/** Arguments named after AIConfigurator that act without it. */
const needNoBackend = new Set([
  "aic_tp_size",
  "aic_attention_dp_size",
  "aic_nextn",
  "aic_nextn_accept_rates",
  "aic_mtp_seed",
]);

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0;
}
