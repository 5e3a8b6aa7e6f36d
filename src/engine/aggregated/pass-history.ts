import type { ForwardPass } from "../forward-pass.ts";

/** Entries kept: one may be in flight, and passes that take no time may end together. */
const kept = 8;

/** Columns of an entry. An entry is one pass, or a row of decode-only passes that differ in nothing but their lengths. */
const firstStart = 0;
const secondLastStart = 1;
const lastStart = 2;
const end = 3;
const passes = 4;
const prefillRequests = 5;
const prefillTokens = 6;
const prefillKvTokens = 7;
const decodeRequests = 8;
const decodeKvTokens = 9;
const queuedPrefill = 10;
const queuedPrefillTokens = 11;
const queuedDecode = 12;
const queuedDecodeKvTokens = 13;
const emitting = 14;
const activeBlocks = 15;
const remainingPrefill = 16;
const columns = 17;

/** The last passes of a worker, kept in a ring so that an observer can ask for the last one that had ended. */
export class PassHistory {
  private readonly rows = new Float64Array(kept * columns);
  private latest = 0;
  private written = 0;

  /**
   * Enters a pass, or a row of `count` decode-only passes.
   * @param decodeKv prompt + generated tokens of the decodes in the *first* of them
   */
  add(
    startNs: number,
    secondLastStartNs: number,
    lastStartNs: number,
    endNs: number,
    count: number,
    decodes: number,
    decodeKv: number,
    emittingRequests: number,
    active: number,
  ): void {
    const base = (this.latest = (this.latest + 1) % kept) * columns;
    const rows = this.rows;
    this.written++;
    rows[base + firstStart] = startNs;
    rows[base + secondLastStart] = secondLastStartNs;
    rows[base + lastStart] = lastStartNs;
    rows[base + end] = endNs;
    rows[base + passes] = count;
    rows[base + prefillRequests] = 0;
    rows[base + prefillTokens] = 0;
    rows[base + prefillKvTokens] = 0;
    rows[base + decodeRequests] = decodes;
    rows[base + decodeKvTokens] = decodeKv;
    rows[base + emitting] = emittingRequests;
    rows[base + activeBlocks] = active;
    rows[base + remainingPrefill] = 0;
  }

  /** Adds the queue the last entry leaves waiting. */
  addQueue(prefill: number, prefillTokensWaiting: number, decode: number, decodeKvWaiting: number): void {
    const base = this.latest * columns;
    const rows = this.rows;
    rows[base + queuedPrefill] = prefill;
    rows[base + queuedPrefillTokens] = prefillTokensWaiting;
    rows[base + queuedDecode] = decode;
    rows[base + queuedDecodeKvTokens] = decodeKvWaiting;
  }

  /** Adds the prefill part of the last entry. */
  addPrefill(requests: number, tokens: number, kvTokens: number, remaining: number): void {
    const base = this.latest * columns;
    const rows = this.rows;
    rows[base + prefillRequests] = requests;
    rows[base + prefillTokens] = tokens;
    rows[base + prefillKvTokens] = kvTokens;
    rows[base + remainingPrefill] = remaining;
  }

  /** The last pass with sinceNs < end ≤ atNs, null if none is remembered. */
  lastEndedBy(atNs: number, sinceNs: number): ForwardPass | null {
    const rows = this.rows;
    const available = Math.min(kept, this.written);
    for (let back = 0; back < available; back++) {
      const base = ((this.latest - back + kept) % kept) * columns;
      const count = rows[base + passes]!;
      if (rows[base + end]! <= atNs) {
        return this.record(base, rows[base + lastStart]!, rows[base + end]!, count - 1, sinceNs);
      }
      if (count > 1 && rows[base + lastStart]! <= atNs) {
        return this.record(base, rows[base + secondLastStart]!, rows[base + lastStart]!, count - 2, sinceNs);
      }
    }
    return null;
  }

  private record(base: number, startNs: number, endNs: number, index: number, sinceNs: number): ForwardPass | null {
    if (endNs <= sinceNs) return null;
    const rows = this.rows;
    const decodes = rows[base + decodeRequests]!;
    return {
      startNs,
      endNs,
      numPrefillRequests: rows[base + prefillRequests]!,
      sumPrefillTokens: rows[base + prefillTokens]!,
      sumPrefillKvTokens: rows[base + prefillKvTokens]!,
      numDecodeRequests: decodes,
      sumDecodeKvTokens: rows[base + decodeKvTokens]! + index * decodes,
      numQueuedPrefill: rows[base + queuedPrefill]!,
      sumQueuedPrefillTokens: rows[base + queuedPrefillTokens]!,
      numQueuedDecode: rows[base + queuedDecode]!,
      sumQueuedDecodeKvTokens: rows[base + queuedDecodeKvTokens]!,
      emittedTokens: rows[base + emitting]!,
      emittingRequests: rows[base + emitting]!,
      activeBlocks: rows[base + activeBlocks]!,
      remainingPrefillTokens: rows[base + remainingPrefill]!,
    };
  }
}
