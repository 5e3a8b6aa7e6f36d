import { AggregatedWorker } from "../engine/aggregated/aggregated-worker.ts";
import { aggregatedPathApplies, createAggregatedFleetState } from "../engine/aggregated/fleet-state.ts";
import { AggregatedDecodeWorker } from "../engine/aggregated/handoff/aggregated-decode-worker.ts";
import { AggregatedPrefillWorker } from "../engine/aggregated/handoff/aggregated-prefill-worker.ts";
import { aggregatedHandoffApplies } from "../engine/aggregated/handoff/why-not-aggregated.ts";
import type { EngineConfig } from "../engine/engine-config.ts";
import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import { DecodeRank } from "../engine/pass-by-pass/decode-rank.ts";
import type { EngineRank, RankContext } from "../engine/pass-by-pass/engine-rank.ts";
import type { HandoffDecodeRank, HandoffPrefillRank } from "../engine/pass-by-pass/handoff-rank.ts";
import { PassByPassDecodeWorker, PassByPassPrefillWorker } from "../engine/pass-by-pass/handoff-workers.ts";
import { PagedRank } from "../engine/pass-by-pass/paged-rank.ts";
import { PrefillRank } from "../engine/pass-by-pass/prefill-rank.ts";
import { PassByPassWorker } from "../engine/pass-by-pass/pass-by-pass-worker.ts";
import { PrefillRounds } from "../engine/prefill-rounds.ts";
import { PromptBlocks } from "../engine/prompt-blocks.ts";
import { SglangDecodeRank } from "../engine/sglang/sglang-decode-rank.ts";
import { SglangPrefillRank } from "../engine/sglang/sglang-prefill-rank.ts";
import { SglangRank } from "../engine/sglang/sglang-rank.ts";
import type { Semantics } from "../engine/semantics.ts";
import { AcceptanceSampler } from "../engine/speculative/acceptance-sampler.ts";
import { KvTierFabric } from "../engine/tiers/kv-tier-fabric.ts";
import type { Worker } from "../engine/worker.ts";
import { WorkerPool } from "../fleet/worker-pool.ts";
import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import type { PoolName } from "../planner/planner.ts";
import type { RunConfig } from "./run-config.ts";
import type { HandoffInputs, RunInputs } from "./run-inputs.ts";

/** What a run will ask of its workers, which decides what engine implementation they may have. */
export interface WorkerUse {
  /**
   * "auto" takes the aggregated engine where its rules hold; a run that may end with requests under way must tell their
   * gaps from those of completed requests, which only single passes can.
   */
  readonly preference: RunConfig["engine"];
  /** Passes that would end later stay unfinished. */
  readonly horizonNs: number;
  /** Requests may be taken out of workers (timeouts, failures), which only single passes allow. */
  readonly interruptible: boolean;
}

/** A pool, still empty, of workers of an engine. */
export function poolOf<W extends Worker>(
  name: PoolName,
  engine: EngineConfig,
  create: (id: number) => W,
): WorkerPool<W> {
  return new WorkerPool(name, engine.gpusPerWorker, engine.startupSeconds * 1e9, create);
}

/** Makes the workers of a pool, all of one engine implementation. */
export interface WorkerFactory {
  readonly engine: "aggregated" | "pass-by-pass";
  /** Cache tiers below GPU memory; null without. */
  readonly tiers: KvTierFabric | null;
  create(id: number): Worker;
}

/** What the ranks of a run work on. */
type RankInputs = Pick<RunInputs, "trace" | "semantics" | "ledger">;

/** Chooses the engine implementation for an aggregated pool. */
export function workerFactory(
  inputs: RankInputs,
  config: EngineConfig,
  { preference, horizonNs, interruptible }: WorkerUse,
): WorkerFactory {
  const { trace, semantics, ledger } = inputs;
  const whole = horizonNs === Infinity && !interruptible;
  const tiers = kvTierFabric(config, semantics);
  if (preference === "auto" && whole && tiers === null && aggregatedPathApplies(config, trace)) {
    const fleet = createAggregatedFleetState(trace, config, semantics, ledger);
    return { engine: "aggregated", tiers, create: (id) => new AggregatedWorker(fleet, id) };
  }
  const prompts = new PromptBlocks(trace, config.blockSize);
  const context = rankContexts(inputs, config, prompts, { whole, interruptible, tiers });
  return {
    engine: "pass-by-pass",
    tiers,
    create(id) {
      const rounds = PrefillRounds.of(config);
      const ranks = Array.from({ length: config.dpSize }, (_, rank) =>
        createRank({ ...context(id * config.dpSize + rank), rounds }),
      );
      return new PassByPassWorker(ranks, horizonNs, whole && preference !== "pass-by-pass", rounds);
    },
  };
}

function createRank(context: RankContext): EngineRank {
  return context.config.engineType === "sglang" ? new SglangRank(context) : new PagedRank(context);
}

/** Makes the workers of the two pools of a disaggregated run. */
export interface HandoffWorkerFactory {
  readonly engine: "aggregated" | "pass-by-pass";
  /** Cache tiers of the prefill workers; null without. Decode workers have none. */
  readonly tiers: KvTierFabric | null;
  createPrefill(id: number): PrefillWorker;
  createDecode(id: number): DecodeWorker;
}

/**
 * Chooses the engine implementation for a disaggregated run; see workerFactory.
 * @param computesOnDecode decode workers may have to compute prompts, which only single passes can
 */
export function handoffWorkerFactory(
  inputs: Omit<HandoffInputs, "config">,
  { preference, horizonNs, interruptible }: WorkerUse,
  computesOnDecode: boolean,
): HandoffWorkerFactory {
  const { trace, topology, semantics, ledger, handoffs } = inputs;
  const whole = horizonNs === Infinity && !interruptible;
  const { prefillEngine, decodeEngine } = topology;
  const tiers = kvTierFabric(prefillEngine, semantics);
  if (
    preference === "auto" &&
    whole &&
    !computesOnDecode &&
    tiers === null &&
    aggregatedHandoffApplies(prefillEngine, decodeEngine, trace)
  ) {
    const prefill = createAggregatedFleetState(trace, prefillEngine, semantics, ledger, "prefill");
    const decode = createAggregatedFleetState(trace, decodeEngine, semantics, ledger, "decode");
    return {
      engine: "aggregated",
      tiers,
      createPrefill: (id) => new AggregatedPrefillWorker(prefill, id, handoffs),
      createDecode: (id) => new AggregatedDecodeWorker(decode, id, handoffs),
    };
  }
  const prompts = new PromptBlocks(trace, prefillEngine.blockSize);
  const sameBlocks = decodeEngine.blockSize === prefillEngine.blockSize;
  const decodePrompts = sameBlocks ? prompts : new PromptBlocks(trace, decodeEngine.blockSize);
  const prefillContext = rankContexts(inputs, prefillEngine, prompts, { whole, interruptible, tiers });
  const decodeContext = rankContexts(inputs, decodeEngine, decodePrompts, { whole, interruptible, tiers: null });
  const rowsAllowed = whole && preference !== "pass-by-pass";
  return {
    engine: "pass-by-pass",
    tiers,
    createPrefill(id) {
      return new PassByPassPrefillWorker(createPrefillRank(prefillContext(id), handoffs), horizonNs, rowsAllowed);
    },
    createDecode(id) {
      return new PassByPassDecodeWorker(createDecodeRank(decodeContext(id), handoffs), horizonNs, rowsAllowed);
    },
  };
}

function createPrefillRank(context: RankContext, handoffs: HandoffColumns): HandoffPrefillRank {
  const Rank = context.config.engineType === "sglang" ? SglangPrefillRank : PrefillRank;
  return new Rank(context, handoffs);
}

function createDecodeRank(context: RankContext, handoffs: HandoffColumns): HandoffDecodeRank {
  const Rank = context.config.engineType === "sglang" ? SglangDecodeRank : DecodeRank;
  return new Rank(context, handoffs);
}

function kvTierFabric(config: EngineConfig, semantics: Semantics): KvTierFabric | null {
  if (config.kvTiers === undefined || !semantics.kvTiers) return null;
  return new KvTierFabric(config.kvTiers, config.kvBytesPerToken * config.blockSize);
}

/** @param use.whole no request is left under way or taken out */
function rankContexts(
  { trace, semantics, ledger }: RankInputs,
  config: EngineConfig,
  prompts: PromptBlocks,
  use: { readonly whole: boolean; readonly interruptible: boolean; readonly tiers: KvTierFabric | null },
): (index: number) => RankContext {
  const { speculative } = config;
  return (index) => ({
    index,
    config,
    semantics,
    ledger,
    prompts,
    inputLength: trace.inputLength,
    outputLength: trace.outputLength,
    rounds: null,
    tiers: use.tiers?.create() ?? null,
    sampler: speculative === null ? null : new AcceptanceSampler(speculative.seed + index, speculative.acceptRates),
    gapsOfCompletedOnly: !use.whole,
    interruptible: use.interruptible,
  });
}
