import type { PassTimeModel } from "../dynamo/pass-time-regression.ts";

/** The work of a pool at a moment, all workers together. */
export interface PoolWork {
  /** Prompt tokens to compute before everybody has a first token, cache hits taken off. */
  readonly queuedTokens: number;
  /** Requests those belong to. */
  readonly queuedRequests: number;
  readonly decodeRequests: number;
  readonly decodeKvTokens: number;
  /** Prompt tokens to compute of a typical request to come, and such tokens a second. */
  readonly nextTokens: number;
  readonly tokensPerSecond: number;
}

/** One engine of the pool, and the bounds it is to keep; null = not this pool's part. */
export interface EngineBounds {
  readonly maxBatchedTokens: number;
  readonly maxSequences: number;
  readonly maxKvTokens: number;
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  /** Visible tokens a decode forward yields. */
  readonly acceptLength: number;
}

/** Latencies when the work is spread evenly over so many replicas. */
export interface SpreadLatency {
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  /** Share of the key-value cache the contexts take, queued prompts included. */
  readonly kvShare: number;
}

/** Estimates what `replicas` engines would give; null latencies where the model cannot tell. */
export function spreadLatency(
  work: PoolWork,
  replicas: number,
  model: PassTimeModel,
  bounds: EngineBounds,
): SpreadLatency {
  const decodeRequests = Math.ceil(work.decodeRequests / replicas);
  const decodeKvTokens = Math.ceil(work.decodeKvTokens / replicas);
  const queued = work.queuedTokens / replicas;
  const kvShare = (decodeKvTokens + queued) / bounds.maxKvTokens;
  return {
    ttftMs:
      bounds.ttftMs === null
        ? null
        : drainMs(queued + work.nextTokens, model, bounds, { decodeRequests, decodeKvTokens }),
    itlMs: bounds.itlMs === null ? null : itlMs(work, replicas, model, bounds),
    kvShare,
  };
}

/** Time to compute the tokens in passes of at most the budget, each with the decodes beside it. */
function drainMs(
  tokens: number,
  model: PassTimeModel,
  { maxBatchedTokens }: EngineBounds,
  decode: { readonly decodeRequests: number; readonly decodeKvTokens: number },
): number | null {
  const room = Math.max(1, maxBatchedTokens - decode.decodeRequests);
  const passes = Math.floor(tokens / room);
  const rest = Math.ceil(tokens - passes * room);
  const full = passes === 0 ? 0 : model.passMs({ prefillTokens: room, ...decode });
  const last = rest === 0 ? 0 : model.passMs({ prefillTokens: rest, ...decode });
  return full === null || last === null ? null : passes * full + last;
}

/**
 * Gap between tokens once the queued requests decode too: each pass also computes the prompts that come while it lasts.
 * Infinite where prompts come faster than they can be computed.
 */
function itlMs(work: PoolWork, replicas: number, model: PassTimeModel, bounds: EngineBounds): number | null {
  const requests = Math.min(bounds.maxSequences, Math.ceil((work.decodeRequests + work.queuedRequests) / replicas) + 1);
  const perRequest = work.decodeRequests > 0 ? work.decodeKvTokens / work.decodeRequests : work.nextTokens;
  const context = Math.ceil(requests * perRequest);
  const rate = work.tokensPerSecond / replicas / 1000;
  const room = Math.max(1, bounds.maxBatchedTokens - requests);
  let passMs = model.passMs({ prefillTokens: 0, decodeRequests: requests, decodeKvTokens: context });
  for (let round = 0; round < 8 && passMs !== null; round++) {
    const prefillTokens = Math.min(room, Math.ceil(rate * passMs));
    const next = model.passMs({ prefillTokens, decodeRequests: requests, decodeKvTokens: context });
    if (next === null || Math.abs(next - passMs) < 0.01) return scaled(next, bounds);
    passMs = next;
  }
  return scaled(passMs, bounds);
}

function scaled(passMs: number | null, { acceptLength }: EngineBounds): number | null {
  return passMs === null ? null : passMs / Math.max(1, acceptLength);
}

/**
 * The fewest replicas that keep the bounds, times `share`, with caches filled up to `kvShare`.
 * @param most what the budget allows; the answer when nothing keeps them
 * @returns null when the model cannot tell
 */
export function replicasNeeded(
  work: PoolWork,
  model: PassTimeModel,
  bounds: EngineBounds,
  { share, kvShare, most }: { readonly share: number; readonly kvShare: number; readonly most: number },
): number | null {
  for (let replicas = 1; replicas < most; replicas++) {
    const latency = spreadLatency(work, replicas, model, bounds);
    if (bounds.ttftMs !== null && latency.ttftMs === null) return null;
    if (bounds.itlMs !== null && latency.itlMs === null) return null;
    const keeps =
      (bounds.ttftMs === null || latency.ttftMs! <= bounds.ttftMs * share) &&
      (bounds.itlMs === null || latency.itlMs! <= bounds.itlMs * share) &&
      latency.kvShare <= kvShare;
    if (keeps) return replicas;
  }
  return most;
}
