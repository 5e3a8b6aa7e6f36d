import type { RequestLedger } from "../../metrics/request-ledger.ts";
import type { EngineConfig } from "../engine-config.ts";
import type { ForwardPass } from "../forward-pass.ts";
import type { InterruptedRequest } from "../interruption.ts";
import type { PrefillRounds } from "../prefill-rounds.ts";
import type { PromptBlocks } from "../prompt-blocks.ts";
import type { Semantics } from "../semantics.ts";
import type { AcceptanceSampler } from "../speculative/acceptance-sampler.ts";
import type { KvTiers } from "../tiers/kv-tiers.ts";

/** A scheduler with its cache: what a worker has one of per attention-DP rank. */
export interface EngineRank {
  readonly hasWork: boolean;
  readonly inSystem: number;
  /** Record of the pass started last. */
  readonly pass: ForwardPass;
  /** Requests that left since the caller last emptied it, in order. */
  readonly finished: number[];
  enqueue(request: number): void;
  /** See Worker.interrupt and Worker.resume. */
  interrupt(request: number, atNs: number): InterruptedRequest | null;
  resume(request: number, begun: InterruptedRequest): void;
  /** Starts a pass; returns its duration (ns), or −1 when there is nothing it can run now. */
  startPass(startNs: number): number;
  /** Ends the pass; with attention DP later than its own duration says. */
  endPass(endNs: number): void;
  /**
   * Ends a pass of the other attention-DP ranks in which this one ran nothing, or an attempt that found nothing to run.
   * @returns whether it refused requests: an attempt that did so publishes a record of no length
   */
  endIdle?(endNs: number): boolean;
  /** Runs passes that only decode in a row; absent where a rank has no such shortcut. See PagedRank. */
  runDecodeRow?(startNs: number, untilNs: number, horizonNs: number, previous: ForwardPass): number;
  /** Passes went by in which nothing ran because prefill was closed. */
  onClosedRounds?(): void;
  /** When a request that waits for blocks from a lower cache tier may have them, whole ns; Infinity = none waits. */
  readonly wakeNs?: number;
  /** What the passes so far have changed is known to routers; absent where they know it at once. */
  publish?(): void;
  /** Leading full blocks of a request's prompt that routers know to be resident. */
  prefixOverlapBlocks(request: number): number;
}

/** What all ranks of a pool share, and which one this is. */
export interface RankContext {
  /** worker · dpSize + rank, as results name it. */
  readonly index: number;
  readonly config: EngineConfig;
  readonly semantics: Semantics;
  readonly ledger: RequestLedger;
  readonly prompts: PromptBlocks;
  /** Prompt and wanted output tokens of every request. */
  readonly inputLength: Int32Array;
  readonly outputLength: Int32Array;
  /** How often the ranks of this worker may compute prompts; null = in every pass. */
  readonly rounds: PrefillRounds | null;
  /** Cache tiers below GPU memory; null without. */
  readonly tiers: KvTiers | null;
  /** Draws speculative acceptances; null without speculation. */
  readonly sampler: AcceptanceSampler | null;
  /** Keep a request's gaps out of the pool until it completes: runs that end with requests under way. */
  readonly gapsOfCompletedOnly: boolean;
  /** Requests may be interrupted at any time. */
  readonly interruptible: boolean;
}
