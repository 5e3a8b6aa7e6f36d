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
