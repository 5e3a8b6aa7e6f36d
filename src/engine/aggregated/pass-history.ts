import type { ForwardPass } from "../forward-pass.ts";
import { end, lastStart, secondLastStart } from "./clock.ts";

/** Rows kept: one pass may be in flight, and passes that take no time may end together. */
const kept = 8;

/** Columns of a row: one pass, or several decode-only ones that differ in nothing but their times and lengths. */
const secondLastStartNs = 0;
const lastStartNs = 1;
const endNs = 2;
const passes = 3;
const prefillRequests = 4;
const prefillTokens = 5;
const prefillKvTokens = 6;
const decodeRequests = 7;
const decodeKvTokens = 8;
const queuedPrefill = 9;
const queuedPrefillTokens = 10;
const queuedDecode = 11;
const queuedDecodeKvTokens = 12;
const emitting = 13;
const activeBlocks = 14;
const remainingPrefill = 15;
const columns = 16;

/** The last passes of a worker, kept in a ring so that an observer can ask for the last one that had ended. */
export class PassHistory {
  private readonly rows = new Float64Array(kept * columns);
  private latest = 0;
  private written = 0;
  /** Tokens emitted in all passes. */
  private tokens = 0;

  /**
   * Enters the pass, or `count` decode-only passes, whose times the clock shows.
   * @param decodeKv prompt + generated tokens of the decodes in the *first* of them
   */
  add(clock: Float64Array, count: number, decodes: number, decodeKv: number, emitted: number, active: number): void {
    this.latest = (this.latest + 1) % kept;
    const base = this.latest * columns;
    const rows = this.rows;
    this.written++;
    this.tokens += count * emitted;
    rows[base + secondLastStartNs] = clock[secondLastStart]!;
    rows[base + lastStartNs] = clock[lastStart]!;
    rows[base + endNs] = clock[end]!;
    rows[base + passes] = count;
    rows[base + prefillRequests] = 0;
    rows[base + prefillTokens] = 0;
    rows[base + prefillKvTokens] = 0;
    rows[base + decodeRequests] = decodes;
    rows[base + decodeKvTokens] = decodeKv;
    rows[base + emitting] = emitted;
    rows[base + activeBlocks] = active;
    rows[base + remainingPrefill] = 0;
  }

  /** Adds the queue as the latest pass leaves it. */
  addQueue(prefill: number, prefillQueued: number, decode: number, decodeKvQueued: number): void {
    const base = this.latest * columns;
    const rows = this.rows;
    rows[base + queuedPrefill] = prefill;
    rows[base + queuedPrefillTokens] = prefillQueued;
    rows[base + queuedDecode] = decode;
    rows[base + queuedDecodeKvTokens] = decodeKvQueued;
  }

  /** Adds the prefill part of the latest pass. */
  addPrefill(requests: number, tokens: number, kvTokens: number, remaining: number): void {
    const base = this.latest * columns;
    const rows = this.rows;
    rows[base + prefillRequests] = requests;
    rows[base + prefillTokens] = tokens;
    rows[base + prefillKvTokens] = kvTokens;
    rows[base + remainingPrefill] = remaining;
  }

  /** Tokens emitted in all passes that ended by `atNs`; at most the last one ends later. */
  tokensEmittedBy(atNs: number): number {
    const base = this.latest * columns;
    return this.rows[base + endNs]! > atNs ? this.tokens - this.rows[base + emitting]! : this.tokens;
  }

  /** The last pass with sinceNs < end ≤ atNs, null if none is remembered. */
  lastEndedBy(atNs: number, sinceNs: number): ForwardPass | null {
    const rows = this.rows;
    const available = Math.min(kept, this.written);
    for (let back = 0; back < available; back++) {
      const base = ((this.latest - back + kept) % kept) * columns;
      const count = rows[base + passes]!;
      if (rows[base + endNs]! <= atNs) {
        return this.record(base, rows[base + lastStartNs]!, rows[base + endNs]!, count - 1, sinceNs);
      }
      if (count > 1 && rows[base + lastStartNs]! <= atNs) {
        return this.record(base, rows[base + secondLastStartNs]!, rows[base + lastStartNs]!, count - 2, sinceNs);
      }
    }
    return null;
  }

  private record(base: number, startedNs: number, endedNs: number, index: number, sinceNs: number): ForwardPass | null {
    if (endedNs <= sinceNs) return null;
    const rows = this.rows;
    const decodes = rows[base + decodeRequests]!;
    return {
      startNs: startedNs,
      endNs: endedNs,
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
