import type { ForwardPass } from "./forward-pass.ts";
import type { InterruptedRequest } from "./interruption.ts";

/**
 * One simulated rank of an engine: a scheduler, a key-value cache and a clock of its own. Lazily advanced: nothing
 * happens between two calls, and every pass that was started is known to its end.
 *
 * A pass that starts at s sees every request enqueued at or before s; its tokens are stamped at its end e. An idle
 * worker starts a pass the instant a request arrives. Same-instant arrivals all join before the pass starts, so a
 * caller enqueues everything of time t first and only then advances beyond t.
 */
export interface Worker {
  /** Start of the next pass (ns): the end of the pass before it, or the arrival that woke it. Infinity = nothing to do. */
  readonly nextStartNs: number;
  /** End of the last pass started (ns); 0 before the first. */
  readonly busyUntilNs: number;
  /** When it last let go of something it held beyond its passes (ns); absent = it never holds anything. */
  readonly heldUntilNs?: number;
  /** Requests queued or running here after the last pass started (those it finishes no longer count). */
  readonly inSystem: number;

  /** Passes started, the time they took (ns), and requests enqueued so far. */
  readonly passes: number;
  readonly busyNs: number;
  readonly requests: number;
  /** Tokens its passes computed for prompts, those repeated after a preemption included. */
  readonly prefillTokens: number;

  /** Queues a request at time `atNs` on one of its attention-DP ranks; the worker must have been advanced to `atNs`. */
  enqueue(request: number, atNs: number, rank?: number): void;

  /**
   * Takes a request out at `atNs`, up to which the worker must have been advanced. Tokens of a pass under way are taken
   * back; what the request held is free for the pass after it. Absent where workers cannot be interrupted.
   * @returns null when it is not here
   */
  interrupt?(request: number, atNs: number): InterruptedRequest | null;

  /** Queues a request that another worker had begun, with the tokens it has; they are computed anew as prompt. */
  resume?(request: number, begun: InterruptedRequest, atNs: number, rank?: number): void;

  /**
   * Runs every pass that starts strictly before `untilNs`. With `stopAtFinish` returns after the first pass in which a
   * request left the system (finished, was rejected or failed).
   */
  advance(untilNs: number, stopAtFinish: boolean): void;

  /**
   * Requests that left during the passes run since the last call, in the order they left; their times are in the
   * ledger (terminalNs). The array is reused: copy what must be kept.
   */
  takeFinished(): readonly number[];

  /**
   * The last pass completed at or before `atNs` (its end ≤ atNs), or null if none since `sinceNs` (end > sinceNs).
   * Only asked with times between the last two advances' limits.
   */
  lastPassEndedBy(atNs: number, sinceNs: number, rank?: number): ForwardPass | null;

  /**
   * Leading full blocks of a request's prompt that a router which follows the caches knows to be resident at `atNs`: by
   * what the engine has published, which may be what it held before the pass under way (Semantics.kvEventsAt). The
   * worker must have been advanced to `atNs`.
   */
  prefixOverlapBlocks(request: number, atNs: number, rank?: number): number;

  /**
   * Tokens emitted and requests that emitted them, summed over all passes that ended at or before `atNs` (same times as
   * `lastPassEndedBy`); absent where nobody asks.
   */
  forwardsEndedBy?(atNs: number): { readonly emittedTokens: number; readonly emittingRequests: number };
}
