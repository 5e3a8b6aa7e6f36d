import type { RouterMode } from "../router/router-modes.ts";

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
  readonly traceColumns?: string;
  readonly traceTimeFormat?: string;
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
  readonly routerMode?: RouterMode;
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
  readonly gpuPrice?: number;
  readonly reportJson?: string;
  readonly reportJsonl?: string;
  readonly reportHtml?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Key of a flag among `ReplayOptions`: `num-workers` → `numWorkers`. */
export function optionKey(flag: string): keyof ReplayOptions {
  return flag.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) as keyof ReplayOptions;
}

/** Flag of a key of `ReplayOptions`, without its dashes: `numWorkers` → `num-workers`. */
export function optionFlag(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The options with their defaults filled in; null = not given. */
export type ReplayValues = { readonly [Key in keyof ReplayOptions]-?: NonNullable<ReplayOptions[Key]> | null };
