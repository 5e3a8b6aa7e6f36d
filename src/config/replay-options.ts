import type * as z from "zod/mini";
import { traceFormats } from "../trace/trace-formats.ts";
import { choice, realNumber, text, truth, wholeNumber } from "./fields.ts";

/** How a flag's text becomes a value: a document is inline JSON/YAML, a path, or @path. */
export type OptionKind = "number" | "text" | "document" | "switch";

/** One option of a replay: flag, type, default and help in one place. The command line and the docs are made from it. */
export interface ReplayOption {
  /** Long flag without the dashes. */
  readonly flag: string;
  readonly kind: OptionKind;
  /** Placeholder of its value in help. */
  readonly value?: string;
  readonly schema: z.ZodMiniType | null;
  readonly default?: string | number | boolean;
  readonly description: string;
  readonly group: OptionGroup;
}

export const optionGroups = ["Engines", "Workload", "Routing", "Planner", "Run", "Reports"] as const;
export type OptionGroup = (typeof optionGroups)[number];

/** Formats of the reference that rules between options name, whether they are built or not. */
const referenceFormats = ["mooncake_delta", "agentic_mooncake", "applied_compute_agentic", "dynamo"];

/** What `--trace-format` takes; `-` and `_` count as the same there. */
export const traceFormatNames: readonly [string, ...string[]] = [
  "auto",
  ...new Set([...traceFormats.map((format) => format.name.replaceAll("-", "_")), ...referenceFormats]),
];

const number = (
  group: OptionGroup,
  flag: string,
  value: string,
  make: typeof wholeNumber,
  bounds: Parameters<typeof wholeNumber>[0],
  description: string,
  standard?: number,
): ReplayOption => ({
  flag,
  kind: "number",
  value,
  schema: make(bounds, description),
  description,
  group,
  ...(standard === undefined ? {} : { default: standard }),
});
const words = (group: OptionGroup, flag: string, value: string, description: string): ReplayOption => ({
  flag,
  kind: "text",
  value,
  schema: text(description),
  description,
  group,
});
const names = (
  group: OptionGroup,
  flag: string,
  allowed: readonly [string, ...string[]],
  standard: string,
  description: string,
): ReplayOption => ({
  flag,
  kind: "text",
  value: allowed.length > 4 ? "NAME" : allowed.join("|"),
  schema: choice(allowed, description),
  default: standard,
  description,
  group,
});
const document = (group: OptionGroup, flag: string, description: string): ReplayOption => ({
  flag,
  kind: "document",
  value: "JSON|PATH",
  schema: null,
  description,
  group,
});
const toggle = (group: OptionGroup, flag: string, description: string): ReplayOption => ({
  flag,
  kind: "switch",
  schema: truth(description),
  description,
  group,
});

const estimator = "for the KV router's prefill-load estimator only; engines take theirs from the engine args";

/** Every option of `windtunnel replay`; names and meaning are those of `python -m dynamo.replay` where it has them. */
export const replayOptions: readonly ReplayOption[] = [
  document("Engines", "extra-engine-args", "arguments of aggregated engines"),
  document("Engines", "prefill-engine-args", "arguments of prefill engines (disaggregated; with --decode-engine-args)"),
  document("Engines", "decode-engine-args", "arguments of decode engines (disaggregated; with --prefill-engine-args)"),
  number("Engines", "num-workers", "N", wholeNumber, { min: 1 }, "aggregated workers at the start", 1),
  number("Engines", "num-prefill-workers", "N", wholeNumber, { min: 1 }, "prefill workers at the start", 1),
  number("Engines", "num-decode-workers", "N", wholeNumber, { min: 1 }, "decode workers at the start", 1),
  document("Engines", "fault-config", "workers that fail or start slowly (windtunnel schema fault)"),
  words("Engines", "perf-data", "DIR", "folder of aiconfigurator's tables: exact pass times instead of the roofline"),
  names(
    "Engines",
    "semantics",
    ["current", "dynamo-1.4"],
    "current",
    "engine rules: newest upstream, or ai-dynamo 1.4.2's",
  ),

  names("Workload", "trace-format", traceFormatNames, "auto", "format of the trace files; auto recognises it"),
  number(
    "Workload",
    "trace-block-size",
    "TOKENS",
    wholeNumber,
    { min: 1 },
    "tokens a hash id stands for (512 where the trace does not say)",
  ),
  number(
    "Workload",
    "trace-shared-prefix-ratio",
    "SHARE",
    realNumber,
    { min: 0, max: 1 },
    "shared share of first prompts (applied_compute_agentic)",
    0,
  ),
  number(
    "Workload",
    "trace-num-prefix-groups",
    "N",
    wholeNumber,
    { min: 0 },
    "groups that share a prefix (applied_compute_agentic)",
    0,
  ),
  number(
    "Workload",
    "arrival-speedup-ratio",
    "X",
    realNumber,
    { above: 0 },
    "divides arrival times and think times",
    1,
  ),
  number(
    "Workload",
    "replay-concurrency",
    "N",
    wholeNumber,
    { min: 1 },
    "closed loop: most sessions in flight, arrival times ignored",
  ),
  number("Workload", "input-tokens", "N", wholeNumber, { min: 1 }, "synthetic workload: prompt tokens of a request"),
  number("Workload", "output-tokens", "N", wholeNumber, { min: 0 }, "synthetic workload: output tokens of a request"),
  number(
    "Workload",
    "request-count",
    "N",
    wholeNumber,
    { min: 1 },
    "synthetic workload: requests, or sessions with several turns",
  ),
  number(
    "Workload",
    "request-rate",
    "RPS",
    realNumber,
    { above: 0 },
    "synthetic workload: Poisson arrivals per second",
  ),
  number(
    "Workload",
    "arrival-interval-ms",
    "MS",
    realNumber,
    { min: 0 },
    "synthetic workload: fixed gap between arrivals",
  ),
  number(
    "Workload",
    "arrival-seed",
    "SEED",
    wholeNumber,
    { min: 0 },
    "synthetic workload: seed of the Poisson gaps",
    42,
  ),
  number(
    "Workload",
    "burstiness",
    "SHAPE",
    realNumber,
    { above: 0 },
    "synthetic workload: shape of the gamma-distributed gaps of --request-rate; 1 = Poisson, less = bursts",
    1,
  ),
  number("Workload", "turns-per-session", "N", wholeNumber, { min: 0 }, "synthetic workload: turns of a session", 1),
  number(
    "Workload",
    "shared-prefix-ratio",
    "SHARE",
    realNumber,
    { min: 0, max: 1 },
    "synthetic workload: shared share of a prompt",
    0,
  ),
  number(
    "Workload",
    "num-prefix-groups",
    "N",
    wholeNumber,
    { min: 0 },
    "synthetic workload: groups that share a prefix",
    0,
  ),
  number(
    "Workload",
    "inter-turn-delay-ms",
    "MS",
    realNumber,
    { min: 0 },
    "synthetic workload: think time between turns",
    0,
  ),
  toggle(
    "Workload",
    "cumulative-prompts",
    "synthetic workload: a turn's prompt is all turns before it, answers included, and --input-tokens more",
  ),
  document("Workload", "client-config", "clients that give up, walk away and try again (windtunnel schema client)"),

  names("Routing", "router-mode", ["round_robin", "kv_router"], "round_robin", "how a worker is picked"),
  document("Routing", "router-config", "settings of the KV router"),
  words(
    "Routing",
    "router-policy-config",
    "PATH",
    "YAML of queue policy families; overrides the one in --router-config",
  ),
  words("Routing", "model-name", "NAME", "model profile inside the policy YAML"),
  words("Routing", "aic-backend", "NAME", `backend, ${estimator}`),
  words("Routing", "aic-system", "NAME", `GPU, ${estimator}`),
  words("Routing", "aic-model-path", "ID", `model, ${estimator}`),
  words("Routing", "aic-backend-version", "VERSION", `backend version, ${estimator}`),
  number("Routing", "aic-tp-size", "N", wholeNumber, { min: 1 }, `tensor parallel size, ${estimator}`),
  number("Routing", "aic-moe-tp-size", "N", wholeNumber, { min: 1 }, `expert tensor parallel size, ${estimator}`),
  number("Routing", "aic-moe-ep-size", "N", wholeNumber, { min: 1 }, `expert parallel size, ${estimator}`),
  number(
    "Routing",
    "aic-attention-dp-size",
    "N",
    wholeNumber,
    { min: 1 },
    `attention data-parallel size, ${estimator}`,
  ),
  words("Routing", "aic-gemm-dtype", "NAME", `matrix multiplication quantisation, ${estimator}`),
  words("Routing", "aic-moe-dtype", "NAME", `expert quantisation, ${estimator}`),
  words("Routing", "aic-fmha-dtype", "NAME", `attention quantisation, ${estimator}`),
  words("Routing", "aic-kv-cache-dtype", "NAME", `key-value cache quantisation, ${estimator}`),
  words("Routing", "aic-comm-dtype", "NAME", `collective quantisation, ${estimator}`),
  number("Routing", "aic-nextn", "N", wholeNumber, { min: 1, max: 5 }, `draft tokens, ${estimator}`),
  words("Routing", "aic-nextn-accept-rates", "RATES", `acceptance of draft tokens, ${estimator}`),

  document("Planner", "planner-config", "settings of the Dynamo planner; puts the autoscaler in the loop"),
  words(
    "Planner",
    "policy",
    "NAME|MODULE",
    "another autoscaling policy: a built-in one, or the path of your own module",
  ),
  document("Planner", "policy-config", "knobs of that policy"),
  number(
    "Planner",
    "benchmark-granularity",
    "N",
    wholeNumber,
    { min: 1 },
    "steps of the planner's bootstrap sweeps",
    8,
  ),

  names("Run", "replay-mode", ["offline", "online"], "offline", "offline = virtual clock, the only mode here"),
  number(
    "Run",
    "max-sim-time-seconds",
    "S",
    realNumber,
    { above: 0 },
    "stop at this simulated time; requests in flight stay incomplete",
  ),
  number("Run", "seed", "SEED", wholeNumber, { min: 0 }, "seed of presets and of everything drawn at random", 0),
  names("Run", "engine", ["auto", "pass-by-pass"], "auto", "engine implementation; both give the same numbers"),

  number("Reports", "sla-ttft-ms", "MS", realNumber, { above: 0 }, "goodput bound on time to first token"),
  number(
    "Reports",
    "sla-itl-ms",
    "MS",
    realNumber,
    { above: 0 },
    "goodput bound on a request's mean inter-token latency",
  ),
  number("Reports", "sla-e2e-ms", "MS", realNumber, { above: 0 }, "goodput bound on request latency"),
  words("Reports", "report-json", "PATH", "result file or folder (default: dynamo_replay_report_DATE_TIME.json here)"),
  words("Reports", "report-jsonl", "PATH", "one row a request; .gz compresses"),
  words("Reports", "report-html", "PATH", "self-contained page of the run"),
  toggle("Reports", "quiet", "print nothing but errors"),
  toggle(
    "Reports",
    "json",
    "print the result as JSON instead of the table; no result file unless --report-json is given",
  ),
];

/** Replay options from code: the flags in camelCase; documents may be objects. `trace` is a path, preset:NAME or "-". */
export interface ReplayOptions {
  readonly trace?: string | readonly string[];
  readonly extraEngineArgs?: string | object;
  readonly prefillEngineArgs?: string | object;
  readonly decodeEngineArgs?: string | object;
  readonly numWorkers?: number;
  readonly numPrefillWorkers?: number;
  readonly numDecodeWorkers?: number;
  readonly faultConfig?: string | object;
  readonly perfData?: string;
  readonly semantics?: "current" | "dynamo-1.4";
  /** "auto", or the name of a format; an error lists them. */
  readonly traceFormat?: string;
  readonly traceBlockSize?: number;
  readonly traceSharedPrefixRatio?: number;
  readonly traceNumPrefixGroups?: number;
  readonly arrivalSpeedupRatio?: number;
  readonly replayConcurrency?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly requestCount?: number;
  readonly requestRate?: number;
  readonly arrivalIntervalMs?: number;
  readonly arrivalSeed?: number;
  readonly burstiness?: number;
  readonly turnsPerSession?: number;
  readonly sharedPrefixRatio?: number;
  readonly numPrefixGroups?: number;
  readonly interTurnDelayMs?: number;
  readonly cumulativePrompts?: boolean;
  readonly clientConfig?: string | object;
  readonly routerMode?: "round_robin" | "kv_router";
  readonly routerConfig?: string | object;
  readonly routerPolicyConfig?: string;
  readonly modelName?: string;
  readonly aicBackend?: string;
  readonly aicSystem?: string;
  readonly aicModelPath?: string;
  readonly aicBackendVersion?: string;
  readonly aicTpSize?: number;
  readonly aicMoeTpSize?: number;
  readonly aicMoeEpSize?: number;
  readonly aicAttentionDpSize?: number;
  readonly aicGemmDtype?: string;
  readonly aicMoeDtype?: string;
  readonly aicFmhaDtype?: string;
  readonly aicKvCacheDtype?: string;
  readonly aicCommDtype?: string;
  readonly aicNextn?: number;
  readonly aicNextnAcceptRates?: string;
  readonly plannerConfig?: string | object;
  readonly policy?: string;
  readonly policyConfig?: string | object;
  readonly benchmarkGranularity?: number;
  readonly replayMode?: "offline" | "online";
  readonly maxSimTimeSeconds?: number;
  readonly seed?: number;
  readonly engine?: "auto" | "pass-by-pass";
  readonly slaTtftMs?: number;
  readonly slaItlMs?: number;
  readonly slaE2eMs?: number;
  readonly reportJson?: string;
  readonly reportJsonl?: string;
  readonly reportHtml?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `--num-workers` → `numWorkers`. */
export function optionKey(flag: string): keyof ReplayOptions {
  return flag.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) as keyof ReplayOptions;
}

/** The options with their defaults filled in; null = not given. */
export type ReplayValues = { readonly [Key in keyof ReplayOptions]-?: NonNullable<ReplayOptions[Key]> | null };
