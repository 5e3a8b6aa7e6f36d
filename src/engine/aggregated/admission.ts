import { FailureReason, RequestStatus } from "../../metrics/request-ledger.ts";
import { start } from "./clock.ts";
import type { Departures } from "./departures.ts";
import type { AggregatedFleetState } from "./fleet-state.ts";
import type { RunningBatch } from "./running-batch.ts";
import type { PassHistory } from "./pass-history.ts";
import { WaitingQueue } from "./waiting-queue.ts";

/** Stands for "unbounded" in counts of requests. */
const unbounded = 2 ** 30;

/** What a queue works on. */
export interface AdmissionContext {
  readonly fleet: AggregatedFleetState;
  readonly batch: RunningBatch;
  readonly departures: Departures;
  readonly clock: Float64Array;
}

/**
 * The queue of a worker and who is let in: strictly first in first out, a preempted request at the front again
 * (engine-reference §4.1-4.2, engine-findings §1.7, other-engines-findings rule 16).
 */
export class Admission {
  readonly waiting = new WaitingQueue();
  /** Whether the head of the queue is known to wait until some running request leaves or is preempted. */
  blocked = false;
  /** Prompt tokens of the waiting requests that never ran; the preempted ones and all their tokens. */
  queuedPromptTokens = 0;
  queuedPreempted = 0;
  queuedPreemptedTokens = 0;
  /** Requests refused in the pass being put together, and why. */
  private readonly rejected: number[] = [];
  private readonly reasons: FailureReason[] = [];
  /** Nothing runs and nobody can start, but somebody may when blocks held elsewhere are let go. */
  stuck = false;
  protected readonly fleet: AggregatedFleetState;
  protected readonly batch: RunningBatch;
  protected readonly departures: Departures;
  protected readonly clock: Float64Array;
  protected readonly blockSize: number;
  protected readonly maxSeqs: number;
  private readonly noEvict: boolean;

  constructor({ fleet, batch, departures, clock }: AdmissionContext) {
    this.fleet = fleet;
    this.batch = batch;
    this.departures = departures;
    this.clock = clock;
    this.blockSize = fleet.engine.blockSize;
    this.maxSeqs = Math.min(fleet.engine.maxNumSeqs, unbounded);
    this.noEvict = fleet.engine.engineType === "trtllm";
  }

  /** Requests waiting. */
  get length(): number {
    return this.waiting.size;
  }

  /** What the forward-pass metrics tell of the queue: never run and their prompt tokens, preempted and all their tokens. */
  recordQueue(history: PassHistory): void {
    const { queuedPreempted } = this;
    history.addQueue(
      this.waiting.size - queuedPreempted,
      this.queuedPromptTokens,
      queuedPreempted,
      this.queuedPreemptedTokens,
    );
  }

  enqueue(request: number): void {
    if (this.waiting.size === 0) this.blocked = false;
    this.waiting.pushBack(request);
    this.queuedPromptTokens += this.fleet.trace.inputLength[request]!;
  }

  /** Puts a preempted request at the front of the queue. */
  requeue(slot: number): void {
    const { table } = this.batch;
    this.waiting.pushFront(~slot);
    this.queuedPreempted++;
    this.queuedPreemptedTokens += table.promptLength[slot]! + table.generated[slot]!;
    this.blocked = false;
  }

  /** Admits what fits into the pass that starts now. */
  admit(): void {
    const { waiting, batch } = this;
    this.stuck = false;
    while (waiting.size > 0) {
      const running = batch.size + batch.enteringCount;
      if (running >= this.maxSeqs) {
        this.blocked = true;
        return;
      }
      const entry = waiting.first();
      const spent = batch.budget === 0;
      if (entry >= 0 && this.reject(entry)) continue;
      const lacks = entry >= 0 ? this.admitFresh(entry) : this.readmit(~entry);
      if (lacks === FailureReason.none) {
        if (!spent) continue;
        // It was found in full and computes nothing; a pass without budget takes in only one such request.
        this.blocked = false;
        return;
      }
      if (running > 0) {
        // Where others have used budget in this pass, the next pass may have enough.
        this.blocked = lacks === FailureReason.outgrewKvPool || batch.sums.requests === 0;
        return;
      }
      if (!this.mayGiveUp(entry)) {
        this.stuck = true;
        return;
      }
      this.giveUp(entry, lacks);
    }
  }

  /** Whether the head of the queue, for which there is no room though nothing runs, has no hope. */
  protected mayGiveUp(_entry: number): boolean {
    return true;
  }

  /** Tokens a request may generate here: what it asks for, within the model's length and (TRT-LLM) the pool. */
  outputLimit(request: number, promptLength: number): number {
    const limit = Math.min(this.fleet.trace.outputLength[request]!, this.fleet.maxModelLen - promptLength);
    return this.noEvict ? Math.min(limit, this.batch.pool.capacity * this.blockSize - promptLength) : limit;
  }

  /** A request starts for the first time, with `cachedTokens` of its prompt found resident. */
  protected recordAdmission(request: number, cachedTokens: number): void {
    const { ledger } = this.fleet;
    ledger.admitNs[request] = this.clock[start]!;
    if (cachedTokens === 0) return;
    ledger.firstReusedTokens[request] = cachedTokens;
    ledger.reusedTokens[request] = cachedTokens;
  }

  /** A preempted request starts again, with `cachedTokens` of its sequence found resident. */
  protected recordReadmission(request: number, cachedTokens: number): void {
    const { reusedTokens } = this.fleet.ledger;
    if (cachedTokens > reusedTokens[request]!) reusedTokens[request] = cachedTokens;
  }

  /** Refuses a request that never ran and cannot run at all. */
  private reject(request: number): boolean {
    const promptLength = this.fleet.trace.inputLength[request]!;
    const { capacity } = this.batch.pool;
    const tooLong = promptLength >= this.fleet.maxModelLen;
    const tooLarge = this.noEvict
      ? promptLength + Math.min(1, this.fleet.trace.outputLength[request]!) > capacity * this.blockSize
      : Math.ceil(promptLength / this.blockSize) > capacity;
    if (!tooLong && !tooLarge) return false;
    this.waiting.removeFirst();
    this.queuedPromptTokens -= promptLength;
    const reason = tooLong ? FailureReason.promptExceedsModelLen : FailureReason.promptExceedsKvPool;
    this.rejected.push(request);
    this.reasons.push(reason);
    return true;
  }

  /** Requests refused in a pass leave when it ends, at once when there is none; says whether there were any. */
  leaveRejected(reading: number): boolean {
    if (this.rejected.length === 0) return false;
    for (let i = 0; i < this.rejected.length; i++) {
      this.departures.leave(this.rejected[i]!, RequestStatus.rejected, this.reasons[i]!, reading);
    }
    this.rejected.length = 0;
    this.reasons.length = 0;
    return true;
  }

  /** Gives up on the head of the queue: nothing runs, and still it does not fit. */
  private giveUp(entry: number, reason: FailureReason): void {
    const { table, pool } = this.batch;
    this.waiting.removeFirst();
    let request = entry;
    if (entry >= 0) this.queuedPromptTokens -= this.fleet.trace.inputLength[entry]!;
    else {
      const slot = ~entry;
      request = table.request[slot]!;
      this.forgetPreempted(slot);
      pool.disown(slot);
      table.free(slot);
    }
    this.departures.leave(request, RequestStatus.failed, reason, start);
  }

  protected forgetPreempted(slot: number): void {
    const { table } = this.batch;
    this.queuedPreempted--;
    this.queuedPreemptedTokens -= table.promptLength[slot]! + table.generated[slot]!;
  }

  /** Admits a request for the first time; answers what it lacks, `none` when it is admitted. */
  private admitFresh(request: number): FailureReason {
    const { fleet, batch, blockSize } = this;
    const { trace, edges } = fleet;
    const promptLength = trace.inputLength[request]!;
    const limit = this.outputLimit(request, promptLength);
    const lastEdge = edges.count > 0 ? edges.lastEdge[request]! : -1;
    const edge = this.findPrefix(lastEdge, promptLength, limit);
    const hit = batch.pool.residentBlocks(edge);
    const lacks = this.lacks(promptLength, promptLength + limit, edge, hit);
    if (lacks !== FailureReason.none) return lacks;
    this.waiting.removeFirst();
    this.queuedPromptTokens -= promptLength;
    const slot = batch.table.take(request, promptLength, limit, lastEdge);
    this.recordAdmission(request, hit * blockSize);
    batch.begin(slot, edge, hit);
    return FailureReason.none;
  }

  /** Admits a preempted request again; it may find its own blocks beside shared ones. */
  private readmit(slot: number): FailureReason {
    const { batch, blockSize } = this;
    const { table, pool } = batch;
    const known = table.promptLength[slot]! + table.generated[slot]!;
    const limit = table.outputLimit[slot]!;
    const edge = this.findPrefix(table.lastEdge[slot]!, known, limit);
    const own = pool.ownBlocks(slot);
    const hit = pool.residentBlocks(edge) + own;
    const lacks = this.lacks(known, table.promptLength[slot]! + limit, edge, hit);
    if (lacks !== FailureReason.none) return lacks;
    this.waiting.removeFirst();
    this.forgetPreempted(slot);
    if (own > 0) pool.pinOwn(slot);
    this.fleet.ledger.preemptions.onReadmitted(table.request[slot]!, this.clock[start]!);
    this.recordReadmission(table.request[slot]!, hit * blockSize);
    batch.begin(slot, edge, hit);
    return FailureReason.none;
  }

  /** Deepest resident edge of a sequence; at least one token is left to compute where logits are needed. */
  private findPrefix(lastEdge: number, known: number, outputLimit: number): number {
    if (lastEdge < 0) return -1;
    const uncapped = this.noEvict || outputLimit === 0;
    return this.batch.pool.deepestResident(lastEdge, Math.floor((uncapped ? known : known - 1) / this.blockSize));
  }

  /** Why a sequence of `known` tokens with `hit` resident blocks cannot start now. */
  private lacks(known: number, worstCaseTokens: number, edge: number, hit: number): FailureReason {
    const { batch, blockSize } = this;
    const { pool, budget } = batch;
    const tokens = this.noEvict ? worstCaseTokens : known;
    const promised = this.noEvict ? batch.worstCaseBlocks - batch.heldBlocks : 0;
    const needed = Math.ceil(tokens / blockSize) - pool.referencedBlocks(edge);
    if (needed > pool.available - promised) return FailureReason.outgrewKvPool;
    const remaining = known - hit * blockSize;
    const fits = this.fleet.engine.enableChunkedPrefill ? remaining === 0 || budget > 0 : remaining <= budget;
    return fits ? FailureReason.none : FailureReason.promptExceedsTokenBudget;
  }
}
