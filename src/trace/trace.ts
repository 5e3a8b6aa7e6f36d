/**
 * A recorded workload in columns: one entry a request, in file order. Token content never exists: a prompt is its
 * length and the identities of its blocks.
 */
export interface Trace {
  /** What a report calls it: file name or preset name. */
  readonly name: string;
  /** Number of requests. */
  readonly count: number;
  /** Arrival in ms, the earliest is 0. Not sorted: rows may stand out of time order. NaN when the row has no time. */
  readonly arrivalMs: Float64Array;
  /** Prompt tokens, already clamped to the tokens its blocks can hold. */
  readonly inputLength: Int32Array;
  /** Tokens to generate (0 allowed). */
  readonly outputLength: Int32Array;
  /** Prompt identity, or null when no prompt shares anything with another. */
  readonly blocks: TraceBlocks | null;
  /** Sessions, or null when every request is on its own. */
  readonly sessions: TraceSessions | null;
  /**
   * What each request waits for, where that is more than the turn before it; then it alone decides when requests are
   * offered, and `sessions` only names them. Absent or null = no such graph.
   */
  readonly dependencies?: TraceDependencies | null;
  /** Identities of what follows the prompts; absent or null = no prompt contains the answer to another. */
  readonly continuations?: TraceContinuations | null;
  /** Calendar time of simulated time 0, ms since 1970 in UTC; absent or null when the trace has no calendar. */
  readonly startUnixMs?: number | null;
  /** Priorities for a router that holds requests back; absent or null when the trace gives none. */
  readonly priorities?: TracePriorities | null;
  /** What the reader assumed, dropped or changed; shown to the user. */
  readonly notes: readonly string[];
}

/** The prompt blocks of all requests of a trace, one after another. */
export interface TraceBlocks {
  /** Tokens a block stands for (512 in Mooncake traces). */
  readonly blockSize: number;
  /** Blocks of request i are `ids[offsets[i] .. offsets[i + 1]]`. Length count + 1. */
  readonly offsets: Float64Array;
  /** Dense identities, numbered from 0 in order of first appearance. Equal leading identities share a prefix. */
  readonly ids: Int32Array;
  /** One more than the largest identity. */
  readonly distinct: number;
}

/** Closed-loop sessions: a later turn becomes ready `delayMs` after the turn before it has completed. */
export interface TraceSessions {
  /** Session of each request, numbered in file order. */
  readonly sessionOf: Int32Array;
  /** Turn within its session, from 0. */
  readonly turnOf: Int32Array;
  /** Think time before the turn, ms (0 for first turns). */
  readonly delayMs: Float64Array;
  /** Names of the sessions as the trace gives them. */
  readonly names: readonly string[];
}

/**
 * A graph of requests: one becomes ready when all it waits for has happened. Requests that wait for nothing are roots
 * and come at their arrival. Requests that are connected form a play.
 */
export interface TraceDependencies {
  /** What request i waits for is `on[offsets[i] .. offsets[i + 1]]`. Length count + 1. */
  readonly offsets: Float64Array;
  /** The request waited for. */
  readonly on: Int32Array;
  /** Time that passes after it has happened, ms. */
  readonly delayMs: Float64Array;
  /** 1 = it is enough that the other request was offered; 0 = it must have ended. */
  readonly onOffer: Uint8Array;
  /** Earliest time of a request that waits for others, ms; for roots their arrival counts. */
  readonly notBeforeMs: Float64Array;
  /** Names of the requests as the trace gives them. */
  readonly names: readonly string[];
}

/**
 * Identities of the key-value blocks that a request's sequence (prompt, then answer) fills after the full blocks of its
 * prompt: later prompts of its session contain them. They are of the same size and numbering as the trace's blocks,
 * which must be those of the engine for them to be found.
 */
export interface TraceContinuations {
  /** Those of request i are `ids[offsets[i] .. offsets[i + 1]]`; the first follows its last full prompt block. */
  readonly offsets: Float64Array;
  readonly ids: Int32Array;
}

/** How much a request's turn is brought forward where requests wait in the router. */
export interface TracePriorities {
  /** Seconds by which it counts as older, at least 0. */
  readonly boostSeconds: Float64Array;
  /** Requests with a higher number go before all with a lower one. */
  readonly strict: Int32Array;
  /** The policy class or family each request asks for; absent when none does. */
  readonly policyClasses?: {
    readonly names: readonly string[];
    /** Index into the names, −1 = none. */
    readonly classOf: Int32Array;
  };
}
