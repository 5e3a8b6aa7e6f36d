import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";
import type { AnsweredRequest, FrontEndGauges, PoolName } from "../planner/planner.ts";

/** What a worker has of the requests under way. */
export interface HeldRequests {
  inFlight: number;
  awaitingFirstToken: number;
  awaitingInputTokens: number;
}

/** Requests of a pool, at a tick and on average since the tick before. */
export interface PoolConcurrency {
  readonly inFlight: number;
  readonly meanInFlight: number;
}

/** Requests as the front end sees them at a tick, and which pool and worker has how many of them. */
export interface WatchedRequests {
  readonly frontEnd: FrontEndGauges;
  readonly concurrency: (pool: PoolName) => PoolConcurrency;
  readonly held: (pool: PoolName, worker: number) => Readonly<HeldRequests>;
}

/** What there is to know of the workers. */
export interface WatchedWorkers {
  /** Attention-DP ranks of one. */
  readonly dpSize: number;
  /** Decode workers may compute prompts themselves. */
  readonly computesOnDecode: boolean;
}

const nothingHeld: Readonly<HeldRequests> = { inFlight: 0, awaitingFirstToken: 0, awaitingInputTokens: 0 };

/** Requests in each pool over a window of time. */
class Concurrency {
  private readonly sinceNs: number;
  private readonly atNs: number;
  private readonly pools = new Map<PoolName, { inFlight: number; spentNs: number }>();

  constructor(sinceNs: number, atNs: number) {
    this.sinceNs = sinceNs;
    this.atNs = atNs;
  }

  add(pool: PoolName, fromNs: number, toNs: number): void {
    if (fromNs > this.atNs) return;
    let sums = this.pools.get(pool);
    if (sums === undefined) this.pools.set(pool, (sums = { inFlight: 0, spentNs: 0 }));
    if (toNs > this.atNs) sums.inFlight++;
    sums.spentNs += Math.max(0, Math.min(toNs, this.atNs) - Math.max(fromNs, this.sinceNs));
  }

  of(pool: PoolName): PoolConcurrency {
    const { inFlight, spentNs } = this.pools.get(pool) ?? { inFlight: 0, spentNs: 0 };
    const windowNs = this.atNs - this.sinceNs;
    return { inFlight, meanInFlight: windowNs > 0 ? spentNs / windowNs : inFlight };
  }
}

function orNever(ns: number): number {
  return Number.isNaN(ns) ? Infinity : ns;
}

/**
 * Follows every request from its offer to its end, for the planner's observations. Workers run ahead to the end of the
 * pass they are in, so the ledger may know more than a live front end would; whatever lies after the tick is hidden.
 */
export class RequestWatch {
  private readonly ledger: RequestLedger;
  private readonly inputLength: Int32Array;
  /** Hand-offs of a disaggregated run; null in an aggregated one. */
  private readonly handoffs: HandoffColumns | null;
  private readonly workers: WatchedWorkers;
  private offered: number[] = [];
  private underWay: number[] = [];

  constructor(
    ledger: RequestLedger,
    inputLength: Int32Array,
    handoffs: HandoffColumns | null,
    workers: WatchedWorkers,
  ) {
    this.ledger = ledger;
    this.inputLength = inputLength;
    this.handoffs = handoffs;
    this.workers = workers;
  }

  onOffered(request: number): void {
    this.offered.push(request);
  }

  /** What has happened since `sinceNs` and what is under way at `atNs`; all workers must have been advanced to it. */
  observe(sinceNs: number, atNs: number): WatchedRequests {
    const { ledger, inputLength } = this;
    const offeredInputTokens = this.offered.reduce((sum, request) => sum + inputLength[request]!, 0);
    const firstTokens: AnsweredRequest[] = [];
    const held = new Map<string, HeldRequests>();
    const pools = new Concurrency(sinceNs, atNs);
    const still: number[] = [];
    const waiting = { requests: 0, tokens: 0, oldestNs: atNs, atRouter: 0, atRouterTokens: 0 };
    // A client that tries again offers a request that may still be listed from its first attempt.
    for (const request of new Set([...this.underWay, ...this.offered])) {
      const firstNs = ledger.firstTokenNs[request]!;
      const answered = firstNs <= atNs;
      if (answered && firstNs > sinceNs) firstTokens.push(this.answer(request));
      this.spend(request, pools);
      if (ledger.terminalNs[request]! <= atNs) continue;
      still.push(request);
      const tokens = inputLength[request]!;
      const place = this.place(request, atNs);
      if (!answered) {
        waiting.requests++;
        waiting.tokens += tokens;
        waiting.oldestNs = Math.min(waiting.oldestNs, ledger.arrivalNs[request]!);
        if (place === null) {
          waiting.atRouter++;
          waiting.atRouterTokens += tokens;
        }
      }
      if (place !== null) this.hold(held, place, answered, tokens);
    }
    this.underWay = still;
    this.offered = [];
    const frontEnd: FrontEndGauges = {
      inFlight: still.length,
      awaitingFirstToken: waiting.requests,
      awaitingInputTokens: waiting.tokens,
      oldestAwaitingSeconds: (atNs - waiting.oldestNs) / 1e9,
      atRouter: waiting.atRouter,
      atRouterInputTokens: waiting.atRouterTokens,
      offeredInputTokens,
      firstTokens,
    };
    const concurrency = (pool: PoolName): PoolConcurrency => pools.of(pool);
    return { frontEnd, concurrency, held: (pool, worker) => held.get(`${pool}/${worker}`) ?? nothingHeld };
  }

  /** Enters the time a request spent in each pool. */
  private spend(request: number, pools: Concurrency): void {
    const { handoffs, ledger } = this;
    const arrivedNs = ledger.arrivalNs[request]!;
    const leftNs = orNever(ledger.terminalNs[request]!);
    if (handoffs === null) {
      pools.add("agg", arrivedNs, leftNs);
      return;
    }
    const computedNs = this.isComputedOnDecode(request) ? arrivedNs : orNever(handoffs.sourceHeldNs[request]!);
    const heldNs = Math.min(leftNs, computedNs);
    pools.add("prefill", arrivedNs, heldNs);
    if (heldNs < leftNs) pools.add("decode", heldNs, leftNs);
  }

  /** The worker that has to do with a request next; null = it waits for one. */
  private place(request: number, atNs: number): { pool: PoolName; worker: number } | null {
    const { handoffs, ledger } = this;
    const serving = ledger.workerIndex[request]!;
    if (handoffs === null) {
      return serving < 0 ? null : { pool: "agg", worker: Math.floor(serving / this.workers.dpSize) };
    }
    const decodes = serving >= 0 && handoffs.sourceHeldNs[request]! <= atNs;
    if (decodes || this.isComputedOnDecode(request)) return { pool: "decode", worker: serving };
    const prefill = handoffs.prefillWorkerIndex[request]!;
    return prefill < 0 ? null : { pool: "prefill", worker: prefill };
  }

  /** Whether a decode worker computes its prompt, so that no prefill worker ever has it. */
  private isComputedOnDecode(request: number): boolean {
    if (!this.workers.computesOnDecode || this.handoffs === null) return false;
    return this.ledger.workerIndex[request]! >= 0 && this.handoffs.prefillWorkerIndex[request]! < 0;
  }

  private hold(
    held: Map<string, HeldRequests>,
    { pool, worker }: { pool: PoolName; worker: number },
    answered: boolean,
    tokens: number,
  ): void {
    const key = `${pool}/${worker}`;
    let one = held.get(key);
    if (one === undefined) held.set(key, (one = { ...nothingHeld }));
    one.inFlight++;
    if (answered) return;
    one.awaitingFirstToken++;
    one.awaitingInputTokens += tokens;
  }

  private answer(request: number): AnsweredRequest {
    const { ledger } = this;
    return {
      ttftMs: (ledger.firstTokenNs[request]! - ledger.arrivalNs[request]!) / 1e6,
      inputTokens: this.inputLength[request]!,
      cachedTokens: ledger.firstReusedTokens[request]!,
    };
  }
}
