import type { EngineConfig } from "../engine/engine-config.ts";
import { PagedRank } from "../engine/pass-by-pass/paged-rank.ts";
import { PassByPassWorker } from "../engine/pass-by-pass/pass-by-pass-worker.ts";
import { PromptBlocks } from "../engine/prompt-blocks.ts";
import type { Semantics } from "../engine/semantics.ts";
import { AcceptanceSampler } from "../engine/speculative/acceptance-sampler.ts";
import type { Worker } from "../engine/worker.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";
import type { Trace } from "../trace/trace.ts";

/** Makes the workers of a pool, all of one engine implementation. */
export interface WorkerFactory {
  readonly engine: "aggregated" | "pass-by-pass";
  create(id: number): Worker;
}

/**
 * Chooses the engine implementation for an aggregated pool.
 * @param preference "auto" takes the aggregated engine where its rules hold
 * @param horizonNs passes that would end later stay unfinished
 */
export function workerFactory(
  trace: Trace,
  config: EngineConfig,
  semantics: Semantics,
  ledger: RequestLedger,
  preference: "auto" | "pass-by-pass",
  horizonNs: number,
): WorkerFactory {
  void preference;
  const prompts = new PromptBlocks(trace, config.blockSize);
  const createRank = (index: number) =>
    new PagedRank({
      index,
      config,
      semantics,
      ledger,
      prompts,
      inputLength: trace.inputLength,
      outputLength: trace.outputLength,
      sampler:
        config.speculative === null
          ? null
          : new AcceptanceSampler(config.speculative.seed + index, config.speculative.acceptRates),
    });
  return {
    engine: "pass-by-pass",
    create(id) {
      const ranks = Array.from({ length: config.dpSize }, (_, rank) => createRank(id * config.dpSize + rank));
      return new PassByPassWorker(ranks, horizonNs);
    },
  };
}
