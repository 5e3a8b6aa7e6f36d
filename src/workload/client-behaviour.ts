/** What clients do beside sending their requests and waiting. */
export interface ClientBehaviour {
  /** Longest a client waits for the last token of an attempt, ms; null = for ever. */
  readonly timeoutMs: number | null;
  /** Longest it waits for the first token of an attempt, ms; null = for ever. */
  readonly firstTokenTimeoutMs: number | null;
  /** Share of requests whose user walks away … */
  readonly cancelShare: number;
  /** … after an exponentially distributed time with this mean, ms, counted from the first attempt. */
  readonly cancelAfterMs: number;
  /** Attempts after the first. */
  readonly maxRetries: number;
  /** What is tried again. */
  readonly retryOn: readonly RetryCause[];
  /** Time before the first retry, ms; `backoffFactor` times as long before each further one, up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly backoffFactor: number;
  readonly maxBackoffMs: number;
  /** Each of these times is drawn evenly from ±this share around it. */
  readonly jitter: number;
}

/** Why an attempt came to nothing: the client ran out of patience, its worker failed, the router refused it. */
export type RetryCause = "timeout" | "failure" | "refusal";

/** Time before retry `retry` (from 1), ms. @param uniform a draw from [0, 1) */
export function backoffMs(behaviour: ClientBehaviour, retry: number, uniform: number): number {
  const plain = Math.min(behaviour.maxBackoffMs, behaviour.backoffMs * behaviour.backoffFactor ** (retry - 1));
  return plain * (1 + behaviour.jitter * (2 * uniform - 1));
}
