import type { EngineConfig } from "../../engine/engine-config.ts";
import { emptyForwardPass } from "../../engine/forward-pass.ts";
import type { ForwardPass } from "../../engine/forward-pass.ts";
import { PassPrice } from "../../engine/pass-price.ts";
import type { PoolName, PublishedPass } from "../planner.ts";
import type { PassKind } from "./pass-kind.ts";

/** Passes a planner learns before its first tick; `decode` is the aggregated pool's. */
export interface BootstrapPasses {
  readonly prefill?: readonly PublishedPass[];
  readonly decode?: readonly PublishedPass[];
}

/** Engines of the pools whose passes are swept. */
export type SweptEngines =
  | { readonly mode: "agg"; readonly engine: EngineConfig }
  | { readonly mode: "disagg"; readonly prefillEngine: EngineConfig; readonly decodeEngine: EngineConfig };

const SHORTEST_PROMPT = 100;
const CONTEXTS = [500, 2000, 4000, 8000] as const;
const UNBOUNDED_BATCHED_TOKENS = 8192;
const UNBOUNDED_SEQUENCES = 256;

/**
 * Sweeps the engines' modelled pass times (planner-reference §5, "AIC bootstrap"): single prompts up to the token budget
 * of a pass, and batches of four context lengths. Aggregated pools get both lists, none of them a mixed pass.
 * @param granularity steps a sweep has
 * @returns undefined with the polynomial baseline, which the reference does not sweep
 */
export function bootstrapPasses(topology: SweptEngines, granularity: number): BootstrapPasses | undefined {
  const [prefill, decode] =
    topology.mode === "agg" ? [topology.engine, topology.engine] : [topology.prefillEngine, topology.decodeEngine];
  if (!isModelled(prefill) || !isModelled(decode)) return undefined;
  // The reference prices both sweeps as the decode engine; the pools differ in limits only.
  const prefillSweep = sweepPrefill(prefill, decode, granularity);
  const decodeSweep = sweepDecode(decode, granularity);
  if (topology.mode === "agg") return { decode: [...prefillSweep, ...decodeSweep] };
  return prefillSweep.length > 0 && decodeSweep.length > 0 ? { prefill: prefillSweep, decode: decodeSweep } : undefined;
}

/** Levels of cache use a sweep of mixed passes has. */
const MIXED_LEVELS = 7;
/** Context of a decode request in them. */
const MIXED_CONTEXT = 2000;

/** A sweep of an engine's own pass times, and the shortest pass of each kind, ms. */
export interface PhysicalBootstrap {
  readonly passes: readonly PublishedPass[];
  readonly leastMs: Readonly<Record<PassKind, number>>;
}

/**
 * The improved sweep: what passes of this engine really take, speed-up ratios and the 1 ms floor of decoding included,
 * mixed passes of an aggregated pool among them; works with every performance model.
 * @param granularity steps a sweep has
 */
export function physicalBootstrap(engine: EngineConfig, pool: PoolName, granularity: number): PhysicalBootstrap {
  const price = new PassPrice(engine);
  const prefillMs = (tokens: number): number => price.prefillNs(1, tokens, 0) / 1e6;
  const decodeMs = (batch: number, tokens: number): number => price.decodeNs(batch, tokens, tokens) / 1e6;
  const most = boundedBatchedTokens(engine);
  const step = Math.max(1, Math.floor((most - SHORTEST_PROMPT) / granularity));
  const prompts: number[] = [];
  for (let tokens = Math.min(SHORTEST_PROMPT, most); tokens <= most; tokens += step) prompts.push(tokens);
  const passes: PublishedPass[] = [];
  const add = (ms: number, load: Partial<ForwardPass>): void => {
    if (ms > 0) passes.push(published(ms, load));
  };
  if (pool !== "decode") {
    for (const tokens of prompts) add(prefillMs(tokens), { numPrefillRequests: 1, sumPrefillTokens: tokens });
  }
  if (pool !== "prefill") {
    for (const { batch, tokens } of decodeBatches(engine, granularity)) {
      add(decodeMs(batch, tokens), { numDecodeRequests: batch, sumDecodeKvTokens: tokens });
    }
  }
  if (pool === "agg") {
    const cache = engine.numGpuBlocks * engine.blockSize;
    for (let level = 1; level <= MIXED_LEVELS; level++) {
      const context = Math.floor((cache * level) / (MIXED_LEVELS + 1));
      const batch = Math.max(1, Math.min(boundedSequences(engine), Math.round(context / MIXED_CONTEXT)));
      for (const tokens of prompts) {
        add(prefillMs(tokens) + decodeMs(batch, context), {
          numPrefillRequests: 1,
          sumPrefillTokens: tokens,
          numDecodeRequests: batch,
          sumDecodeKvTokens: context,
        });
      }
    }
  }
  const [prefill, decode] = [prefillMs(1), decodeMs(1, 1)];
  return { passes, leastMs: { prefill, decode, mixed: prefill + decode } };
}

function isModelled({ perfModel }: EngineConfig): boolean {
  return perfModel.provenance.kind === "roofline" || perfModel.provenance.kind === "tables";
}

function sweepPrefill(limits: EngineConfig, { perfModel }: EngineConfig, granularity: number): PublishedPass[] {
  const most = boundedBatchedTokens(limits);
  const step = Math.max(1, Math.floor((most - SHORTEST_PROMPT) / granularity));
  const passes: PublishedPass[] = [];
  for (let tokens = SHORTEST_PROMPT; tokens <= most; tokens += step) {
    const ms = perfModel.prefillMs(1, tokens, 0);
    if (ms > 0) passes.push(published(ms, { numPrefillRequests: 1, sumPrefillTokens: tokens }));
  }
  return passes;
}

function sweepDecode(engine: EngineConfig, granularity: number): PublishedPass[] {
  const { perfModel, numGpuBlocks, blockSize } = engine;
  const passes: PublishedPass[] = [];
  for (const { batch, tokens } of decodeBatches(engine, granularity)) {
    const ms = perfModel.decodeMs(batch, tokens / batch, tokens, numGpuBlocks * blockSize);
    if (ms > 0) passes.push(published(ms, { numDecodeRequests: batch, sumDecodeKvTokens: tokens }));
  }
  return passes;
}

/** Batches of four context lengths, as many as the cache holds. */
function* decodeBatches(engine: EngineConfig, granularity: number): Generator<{ batch: number; tokens: number }> {
  const most = boundedSequences(engine);
  const step = Math.max(1, Math.floor(most / granularity));
  for (const context of CONTEXTS) {
    for (let batch = 1; batch <= most && batch * context <= engine.numGpuBlocks * engine.blockSize; batch += step) {
      yield { batch, tokens: batch * context };
    }
  }
}

function boundedBatchedTokens({ maxNumBatchedTokens }: EngineConfig): number {
  return Number.isFinite(maxNumBatchedTokens) ? maxNumBatchedTokens : UNBOUNDED_BATCHED_TOKENS;
}

function boundedSequences({ maxNumSeqs }: EngineConfig): number {
  return Number.isFinite(maxNumSeqs) ? maxNumSeqs : UNBOUNDED_SEQUENCES;
}

function published(ms: number, load: Partial<ForwardPass>): PublishedPass {
  return { workerId: 0, rank: 0, wallSeconds: ms / 1000, pass: { ...emptyForwardPass(), ...load } };
}
