import type { RequestLedger } from "../metrics/request-ledger.ts";

/** What an engine knew of a request that was taken out of it, so that another may go on with it. */
export interface InterruptedRequest {
  /** Output tokens that had been sent. */
  readonly generated: number;
  /** Time of the last of them, ns; NaN before the first. */
  readonly lastTokenNs: number;
  /** Gaps between them, and how many of each. */
  readonly gaps: number[];
}

/** A request of which no token has been sent. */
export function nothingSent(): InterruptedRequest {
  return { generated: 0, lastTokenNs: NaN, gaps: [] };
}

/** The part of a request inside a rank that its tokens are counted in. */
export interface TokenCount {
  readonly request: number;
  generated: number;
  lastTokenNs: number;
  readonly gaps: number[];
}

/** What is known of a request that has been taken out of its rank. */
export function sentSoFar({ generated, lastTokenNs, gaps }: TokenCount): InterruptedRequest {
  return { generated, lastTokenNs, gaps };
}

/** Lets a request go on where an interrupted one stood: it emits at least one more token. */
export function goOnFrom(
  { generated, lastTokenNs, gaps }: InterruptedRequest,
  state: TokenCount & { readonly outputLimit: number; admitted: boolean },
): void {
  state.generated = Math.min(generated, Math.max(0, state.outputLimit - 1));
  state.lastTokenNs = lastTokenNs;
  for (const gap of gaps) state.gaps.push(gap);
  state.admitted = generated > 0;
}

/**
 * Takes a request out of those that emit at the end of the pass under way.
 * @param bursts tokens each of `emitting` emits
 * @returns the tokens it was to emit; 0 when it is none of them
 */
export function withdrawTokens<S>(emitting: S[], bursts: number[], state: S): number {
  const at = emitting.indexOf(state);
  if (at < 0) return 0;
  emitting.splice(at, 1);
  return bursts.splice(at, 1)[0]!;
}

/**
 * Takes back the tokens of a pass that had not ended when its request was interrupted.
 * @param tokens how many the request was to emit at the end of the pass
 * @param endNs end of the pass
 */
export function takeBackTokens(state: TokenCount, tokens: number, endNs: number, ledger: RequestLedger): void {
  const { request, gaps } = state;
  if (tokens > 1) gaps.splice(-2);
  state.generated -= tokens;
  if (state.generated > 0) {
    const [gapNs] = gaps.splice(-2);
    state.lastTokenNs = endNs - gapNs!;
  } else state.lastTokenNs = NaN;
  ledger.lastTokenNs[request] = state.lastTokenNs;
  if (state.generated === 0) ledger.firstTokenNs[request] = NaN;
  if (state.generated < 2) ledger.secondTokenNs[request] = NaN;
  ledger.outputTokens[request] = state.generated;
}

/**
 * Requests a rank's pass under way completes: as long as it runs they may still be interrupted, so their gaps are pooled
 * only after it.
 */
export class Completing<S extends TokenCount> {
  private readonly states: S[] = [];
  private readonly ledger: RequestLedger;

  constructor(ledger: RequestLedger) {
    this.ledger = ledger;
    ledger.gaps.addSource(() => this.settle());
  }

  add(state: S): void {
    this.states.push(state);
  }

  /** The pass has ended. */
  settle(): void {
    for (const { gaps } of this.states) {
      for (let i = 0; i < gaps.length; i += 2) this.ledger.gaps.add(gaps[i]!, gaps[i + 1]!);
    }
    this.states.length = 0;
  }

  /** Takes a request out, if it is among them. */
  remove(request: number): S | null {
    const at = this.states.findIndex((state) => state.request === request);
    return at < 0 ? null : this.states.splice(at, 1)[0]!;
  }
}
