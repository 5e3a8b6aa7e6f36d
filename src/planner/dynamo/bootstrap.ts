import type { EngineConfig } from "../../engine/engine-config.ts";
import { emptyForwardPass } from "../../engine/forward-pass.ts";
import type { ForwardPass } from "../../engine/forward-pass.ts";
import type { PublishedPass } from "../planner.ts";
import type { AggregatedTopology, DisaggregatedTopology } from "../../simulation/run-config.ts";

/** Passes a planner learns before its first tick; `decode` is the aggregated pool's. */
export interface BootstrapPasses {
  readonly prefill?: readonly PublishedPass[];
  readonly decode?: readonly PublishedPass[];
}

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
export function bootstrapPasses(
  topology: AggregatedTopology | DisaggregatedTopology,
  granularity: number,
): BootstrapPasses | undefined {
  const [prefill, decode] =
    topology.mode === "agg" ? [topology.engine, topology.engine] : [topology.prefillEngine, topology.decodeEngine];
  if (!isModelled(prefill) || !isModelled(decode)) return undefined;
  // The reference prices both sweeps as the decode engine; the pools differ in limits only.
  const prefillSweep = sweepPrefill(prefill, decode, granularity);
  const decodeSweep = sweepDecode(decode, granularity);
  if (topology.mode === "agg") return { decode: [...prefillSweep, ...decodeSweep] };
  return prefillSweep.length > 0 && decodeSweep.length > 0 ? { prefill: prefillSweep, decode: decodeSweep } : undefined;
}

function isModelled({ perfModel }: EngineConfig): boolean {
  return perfModel.provenance.kind === "roofline" || perfModel.provenance.kind === "tables";
}

function sweepPrefill(limits: EngineConfig, { perfModel }: EngineConfig, granularity: number): PublishedPass[] {
  const most = Number.isFinite(limits.maxNumBatchedTokens) ? limits.maxNumBatchedTokens : UNBOUNDED_BATCHED_TOKENS;
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
  const pool = numGpuBlocks * blockSize;
  const most = Number.isFinite(engine.maxNumSeqs) ? engine.maxNumSeqs : UNBOUNDED_SEQUENCES;
  const step = Math.max(1, Math.floor(most / granularity));
  const passes: PublishedPass[] = [];
  for (const context of CONTEXTS) {
    for (let batch = 1; batch <= most && batch * context <= pool; batch += step) {
      const ms = perfModel.decodeMs(batch, context, batch * context, pool);
      if (ms > 0) passes.push(published(ms, { numDecodeRequests: batch, sumDecodeKvTokens: batch * context }));
    }
  }
  return passes;
}

function published(ms: number, load: Partial<ForwardPass>): PublishedPass {
  return { workerId: 0, rank: 0, wallSeconds: ms / 1000, pass: { ...emptyForwardPass(), ...load } };
}
