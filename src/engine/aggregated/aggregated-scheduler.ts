import { FailureReason, RequestStatus } from "../../metrics/request-ledger.ts";
import { BatchSums } from "./batch-sums.ts";
import { BlockPhases } from "./block-phases.ts";
import type { Departures } from "./departures.ts";
import { FinishCalendar } from "./finish-calendar.ts";
import type { AggregatedFleetState } from "./fleet-state.ts";
import { KvPool } from "./kv-pool.ts";
import { RunningTable } from "./running-table.ts";
import { WaitingQueue } from "./waiting-queue.ts";

/** Stands for "unbounded" in token and request counts. */
const unbounded = 2 ** 30;

/**
 * vLLM- and TRT-LLM-like continuous batching over aggregate counts (engine-findings §2): the running decodes are a
 * number, the sum of their lengths, a ring of block phases and a calendar of finishes. A request is touched when it is
 * admitted, completes its prompt, finishes or is preempted. At most one prefill is cut, and it is the last in running
 * order: what cuts it has used up the token budget.
 */
export class AggregatedScheduler {
  readonly pool: KvPool;
  readonly table = new RunningTable();
  readonly waiting = new WaitingQueue();
  readonly phases: BlockPhases;
  readonly calendar = new FinishCalendar();
  /** Requests that emit a token in every pass, and their prompt + generated tokens before the next one. */
  decodes = 0;
  sumKnown = 0;
  /** Slot of the request whose prefill is cut, −1 = none. */
  partial = -1;
  /**
   * Slots that run behind the cut prefill, in running order: it takes the budget they would need for a token. Only
   * prompts found whole in the cache get there (TRT-LLM).
   */
  readonly behind: number[] = [];
  /** Whether the head of the queue is known to wait until some request leaves or is preempted. */
  blocked = false;
  /** Prompt tokens of the waiting requests that never ran; the preempted ones and all their tokens. */
  queuedPromptTokens = 0;
  queuedPreempted = 0;
  queuedPreemptedTokens = 0;
  /** Beside the running decodes, what the pass put together last computes. */
  readonly sums = new BatchSums();
  /** Slots whose sequence that pass completes, in running order. */
  entering = new Int32Array(64);
  enteringCount = 0;
  private admissions = 0;
  private preemptedThisPass = false;
  private budget = 0;
  private budgetForPrefill = 0;
  /** Blocks running requests hold, shared ones for each, and the most they may come to hold (TRT-LLM admission). */
  private heldBlocks = 0;
  private worstCaseBlocks = 0;
  private readonly fleet: AggregatedFleetState;
  private readonly departures: Departures;
  private readonly blockSize: number;
  private readonly maxSeqs: number;
  private readonly maxTokens: number;
  private readonly noEvict: boolean;
  private readonly uncappedWithoutOutput: boolean;
  private readonly chunked: boolean;
  private readonly chargeFirstToken: boolean;

  constructor(fleet: AggregatedFleetState, departures: Departures) {
    const { engine, semantics } = fleet;
    this.fleet = fleet;
    this.departures = departures;
    this.pool = new KvPool(engine.numGpuBlocks, engine.enablePrefixCaching, fleet.edges);
    this.phases = new BlockPhases(engine.blockSize);
    this.blockSize = engine.blockSize;
    this.maxSeqs = Math.min(engine.maxNumSeqs, unbounded);
    this.maxTokens = Math.min(engine.maxNumBatchedTokens, unbounded);
    this.noEvict = engine.engineType === "trtllm";
    this.uncappedWithoutOutput = semantics.name === "current";
    this.chunked = engine.enableChunkedPrefill;
    this.chargeFirstToken = semantics.chargeFirstTokenInDecode;
  }

  /** Queued and running requests. */
  get inSystem(): number {
    return this.waiting.size + this.running;
  }

  /** Running requests, except those that enter the running decodes at the end of the pass being put together. */
  get running(): number {
    return this.decodes + (this.partial >= 0 ? 1 : 0) + this.behind.length;
  }

  /** Whether the next pass can do nothing but one token for each running decode. */
  get decodeOnly(): boolean {
    const settled = this.partial < 0 && this.behind.length === 0;
    return settled && (this.blocked || this.waiting.size === 0) && this.decodes > 0;
  }

  enqueue(request: number): void {
    if (this.waiting.size === 0) this.blocked = false;
    this.waiting.pushBack(request);
    this.queuedPromptTokens += this.fleet.trace.inputLength[request]!;
  }

  /** Puts pass number `pass` together, starting at `nowNs`. False when it would compute nothing. */
  schedule(pass: number, nowNs: number): boolean {
    this.sums.reset();
    this.enteringCount = 0;
    this.preemptedThisPass = false;
    const crossing = this.phases.countAt(pass % this.blockSize);
    if (crossing > 0 && !this.growDecodes(crossing)) this.growOneByOne(pass, nowNs);
    this.budget = this.budgetForPrefill = this.maxTokens - this.decodes;
    if (this.partial >= 0) this.continuePartial(pass, nowNs);
    if (this.behind.length > 0) this.continueBehind();
    if (!this.preemptedThisPass) this.admit(nowNs);
    return this.decodes > 0 || this.sums.requests > 0;
  }

  /** A new block for each of `count` decodes; false when they do not all fit. */
  growDecodes(count: number): boolean {
    if (count > this.pool.available) return false;
    this.pool.allocate(count);
    this.heldBlocks += count;
    return true;
  }

  /** The request in `slot` emits its last token, or none, and leaves. */
  finish(slot: number, computed: number, nowNs: number): void {
    const { table } = this;
    this.releaseBlocks(slot, computed, -1);
    table.unlink(slot);
    table.free(slot);
    this.blocked = false;
    this.departures.leave(table.request[slot]!, RequestStatus.completed, FailureReason.none, nowNs);
  }

  /** A request whose prompt pass number `pass` has completed becomes a running decode. */
  startDecoding(slot: number, pass: number): void {
    const { table, blockSize } = this;
    const generated = ++table.generated[slot]!;
    const known = table.promptLength[slot]! + generated;
    const nextPass = pass + 1;
    // The token at place `known` − 1 (from 0) is computed next; a block starts where that is a multiple of its size.
    const toNextBlock = (blockSize - ((known - 1) % blockSize)) % blockSize;
    const phase = (nextPass + toNextBlock) % blockSize;
    table.knownOffset[slot] = known - nextPass;
    table.phase[slot] = phase;
    table.decoding[slot] = 1;
    this.phases.add(phase);
    this.calendar.add(slot, pass + table.outputLimit[slot]! - generated, table.order[slot]!);
    this.decodes++;
    this.sumKnown += known;
  }

  /** Takes a running decode out of the counts; `pass` is the next one to run. */
  stopDecoding(slot: number, pass: number): void {
    const { table } = this;
    const known = pass + table.knownOffset[slot]!;
    table.generated[slot] = known - table.promptLength[slot]!;
    table.decoding[slot] = 0;
    this.phases.remove(table.phase[slot]!);
    this.calendar.remove(slot);
    this.decodes--;
    this.sumKnown -= known;
  }

  /** New blocks for the decodes in running order, the newest request giving way when none is left. */
  private growOneByOne(pass: number, nowNs: number): void {
    const { table, pool } = this;
    const phase = pass % this.blockSize;
    for (let slot = table.head; slot >= 0 && slot !== this.partial; slot = table.next[slot]!) {
      if (table.phase[slot] !== phase) continue;
      while (pool.available === 0) {
        const victim = table.tail;
        this.preempt(victim, pass, nowNs);
        if (victim === slot) return;
      }
      this.growDecodes(1);
    }
  }

  /** The newest request loses its blocks and goes to the front of the queue; it keeps its generated tokens. */
  private preempt(slot: number, pass: number, nowNs: number): void {
    const { table } = this;
    const { ledger } = this.fleet;
    let computed = table.computed[slot]!;
    if (slot === this.partial) this.partial = -1;
    else {
      this.stopDecoding(slot, pass);
      computed = table.promptLength[slot]! + table.generated[slot]! - 1;
      const request = table.request[slot]!;
      ledger.lastTokenNs[request] = nowNs;
      ledger.outputTokens[request] = table.generated[slot]!;
    }
    this.releaseBlocks(slot, computed, slot);
    table.unlink(slot);
    this.waiting.pushFront(~slot);
    this.queuedPreempted++;
    this.queuedPreemptedTokens += table.promptLength[slot]! + table.generated[slot]!;
    this.preemptedThisPass = true;
    this.blocked = false;
  }

  private releaseBlocks(slot: number, computed: number, preemptedSlot: number): void {
    const { table, blockSize } = this;
    const held = Math.ceil(computed / blockSize);
    const full = Math.floor(computed / blockSize);
    this.pool.release(table.lastEdge[slot]!, full, held, table.duplicate[slot]!, preemptedSlot);
    table.duplicate[slot] = -1;
    this.heldBlocks -= held;
    this.worstCaseBlocks -= Math.ceil((table.promptLength[slot]! + table.outputLimit[slot]!) / blockSize);
  }

  /** The cut prefill goes on; it is the newest, so it gives way itself when its blocks do not fit. */
  private continuePartial(pass: number, nowNs: number): void {
    const { table, blockSize } = this;
    const slot = this.partial;
    const computed = table.computed[slot]!;
    const tokens = Math.min(table.promptLength[slot]! + table.generated[slot]! - computed, this.budget);
    if (tokens === 0) return;
    const blocks = Math.ceil((computed + tokens) / blockSize) - Math.ceil(computed / blockSize);
    if (blocks > this.pool.available) this.preempt(slot, pass, nowNs);
    else {
      this.partial = -1;
      this.compute(slot, tokens);
    }
  }

  /** Requests behind a prefill that no longer is cut go on as far as the budget reaches. */
  private continueBehind(): void {
    if (this.partial >= 0) return;
    const served = Math.min(this.behind.length, this.budget);
    for (const slot of this.behind.splice(0, served)) this.compute(slot, 1);
  }

  /** A request has emitted its first token; whether it stays behind a cut prefill for now. */
  staysBehind(slot: number): boolean {
    const { partial, table } = this;
    if (partial < 0 || table.order[partial]! > table.order[slot]!) return false;
    table.generated[slot]!++;
    this.behind.push(slot);
    return true;
  }

  private admit(nowNs: number): void {
    const { waiting } = this;
    while (waiting.size > 0) {
      const running = this.running + this.enteringCount;
      if (running >= this.maxSeqs) {
        this.blocked = true;
        return;
      }
      const entry = waiting.first();
      if (entry >= 0 && this.reject(entry, nowNs)) continue;
      const reason = entry >= 0 ? this.admitFresh(entry, nowNs) : this.readmit(~entry);
      if (reason === FailureReason.none) continue;
      if (running > 0) {
        // With budget spent on other prefills in this pass, the next pass may have room.
        this.blocked = reason === FailureReason.outgrewKvPool || this.budget === this.budgetForPrefill;
        return;
      }
      this.giveUp(entry, reason, nowNs);
    }
  }

  /** Refuses a request that never ran and cannot run at all. */
  private reject(request: number, nowNs: number): boolean {
    const promptLength = this.fleet.trace.inputLength[request]!;
    const { maxModelLen } = this.fleet.engine;
    const { capacity } = this.pool;
    const tooLong = promptLength >= maxModelLen;
    const tooLarge = this.noEvict
      ? promptLength >= capacity * this.blockSize
      : Math.ceil(promptLength / this.blockSize) > capacity;
    if (!tooLong && !tooLarge) return false;
    this.waiting.removeFirst();
    this.queuedPromptTokens -= promptLength;
    const reason = tooLong ? FailureReason.promptExceedsModelLen : FailureReason.promptExceedsKvPool;
    this.departures.leave(request, RequestStatus.rejected, reason, nowNs);
    return true;
  }

  /** Gives up on the head of the queue: nothing runs, and still it does not fit. */
  private giveUp(entry: number, reason: FailureReason, nowNs: number): void {
    const { table } = this;
    this.waiting.removeFirst();
    let request = entry;
    if (entry >= 0) this.queuedPromptTokens -= this.fleet.trace.inputLength[entry]!;
    else {
      const slot = ~entry;
      request = table.request[slot]!;
      this.leaveQueuePreempted(slot);
      this.pool.disown(slot);
      table.free(slot);
    }
    this.departures.leave(request, RequestStatus.failed, reason, nowNs);
  }

  private leaveQueuePreempted(slot: number): void {
    this.queuedPreempted--;
    this.queuedPreemptedTokens -= this.table.promptLength[slot]! + this.table.generated[slot]!;
  }

  /** Admits a request for the first time; answers what it lacks, `none` when it is admitted. */
  private admitFresh(request: number, nowNs: number): FailureReason {
    const { trace, edges, ledger, engine } = this.fleet;
    const promptLength = trace.inputLength[request]!;
    let limit = Math.min(trace.outputLength[request]!, engine.maxModelLen - promptLength);
    if (this.noEvict) limit = Math.min(limit, this.pool.capacity * this.blockSize - promptLength);
    const lastEdge = edges.count > 0 ? edges.lastEdge[request]! : -1;
    const edge = this.findPrefix(lastEdge, promptLength, limit);
    const hit = this.pool.residentBlocks(edge);
    const lacks = this.lacks(promptLength, promptLength + limit, edge, hit);
    if (lacks !== FailureReason.none) return lacks;
    this.waiting.removeFirst();
    this.queuedPromptTokens -= promptLength;
    const { table } = this;
    const slot = table.take();
    table.request[slot] = request;
    table.promptLength[slot] = promptLength;
    table.outputLimit[slot] = limit;
    table.lastEdge[slot] = lastEdge;
    table.duplicate[slot] = -1;
    table.generated[slot] = 0;
    table.decoding[slot] = 0;
    ledger.admitNs[request] = nowNs;
    ledger.firstReusedTokens[request] = hit * this.blockSize;
    this.run(slot, edge, hit);
    return FailureReason.none;
  }

  /** Admits a preempted request again; it may find its own blocks beside shared ones. */
  private readmit(slot: number): FailureReason {
    const { table, pool } = this;
    const known = table.promptLength[slot]! + table.generated[slot]!;
    const lastEdge = table.lastEdge[slot]!;
    const edge = this.findPrefix(lastEdge, known, table.outputLimit[slot]!);
    const own = pool.ownBlocks(slot);
    const hit = pool.residentBlocks(edge) + own;
    const lacks = this.lacks(known, table.promptLength[slot]! + table.outputLimit[slot]!, edge, hit);
    if (lacks !== FailureReason.none) return lacks;
    this.waiting.removeFirst();
    this.leaveQueuePreempted(slot);
    if (own > 0) pool.pinOwn(slot);
    this.run(slot, edge, hit);
    return FailureReason.none;
  }

  /** Deepest resident edge of a sequence; at least one token is left to compute where logits are needed. */
  private findPrefix(lastEdge: number, known: number, outputLimit: number): number {
    if (lastEdge < 0) return -1;
    const uncapped = this.noEvict || (outputLimit === 0 && this.uncappedWithoutOutput);
    return this.pool.deepestResident(lastEdge, Math.floor((uncapped ? known : known - 1) / this.blockSize));
  }

  /** Why a sequence of `known` tokens with `hit` resident blocks cannot start now. */
  private lacks(known: number, worstCaseTokens: number, edge: number, hit: number): FailureReason {
    const { pool, blockSize } = this;
    const tokens = this.noEvict ? worstCaseTokens : known;
    const promised = this.noEvict ? this.worstCaseBlocks - this.heldBlocks : 0;
    const needed = Math.ceil(tokens / blockSize) - pool.referencedBlocks(edge);
    if (needed > pool.available - promised) return FailureReason.outgrewKvPool;
    const remaining = known - hit * blockSize;
    const fits = this.chunked ? remaining === 0 || this.budget > 0 : remaining <= this.budget;
    return fits ? FailureReason.none : FailureReason.promptExceedsTokenBudget;
  }

  /** Starts running a sequence of which `hit` blocks are resident. */
  private run(slot: number, edge: number, hit: number): void {
    const { table, blockSize } = this;
    const { ledger } = this.fleet;
    const request = table.request[slot]!;
    const cached = hit * blockSize;
    if (cached > ledger.reusedTokens[request]!) ledger.reusedTokens[request] = cached;
    this.pool.pin(edge);
    table.append(slot, this.admissions++);
    table.computed[slot] = cached;
    this.heldBlocks += hit;
    this.worstCaseBlocks += Math.ceil((table.promptLength[slot]! + table.outputLimit[slot]!) / blockSize);
    const remaining = table.promptLength[slot]! + table.generated[slot]! - cached;
    this.compute(slot, Math.min(remaining, this.budget));
  }

  /** Computes the next `tokens` of a sequence in this pass. */
  private compute(slot: number, tokens: number): void {
    const { table, blockSize, pool, sums } = this;
    const before = table.computed[slot]!;
    const after = before + tokens;
    const blocks = Math.ceil(after / blockSize) - Math.ceil(before / blockSize);
    if (blocks > 0) {
      pool.allocate(blocks);
      this.heldBlocks += blocks;
    }
    if (table.lastEdge[slot]! >= 0) {
      const full = Math.floor(after / blockSize);
      const duplicate = pool.register(table.lastEdge[slot]!, Math.floor(before / blockSize), full);
      if (duplicate >= 0) table.duplicate[slot] = duplicate;
    }
    table.computed[slot] = after;
    this.budget -= tokens;
    const promptLength = table.promptLength[slot]!;
    const generated = table.generated[slot]!;
    const known = promptLength + generated;
    const fromPrompt = sums.count(promptLength, known, before, after);
    if (after < known) {
      this.partial = slot;
      return;
    }
    if (this.enteringCount === this.entering.length) {
      const larger = new Int32Array(this.enteringCount * 2);
      larger.set(this.entering);
      this.entering = larger;
    }
    this.entering[this.enteringCount++] = slot;
    if (table.outputLimit[slot] === 0) return;
    sums.emittingRequests++;
    if (this.chargeFirstToken || generated > 0 || !fromPrompt) {
      sums.chargedRequests++;
      sums.chargedTokens += known;
    }
  }
}
