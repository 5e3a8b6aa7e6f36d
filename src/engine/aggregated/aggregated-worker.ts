import type { ForwardPass } from "../forward-pass.ts";
import { PassPrice } from "../pass-price.ts";
import type { Worker } from "../worker.ts";
import { Admission, type AdmissionContext } from "./admission.ts";
import { AggregatedScheduler } from "./aggregated-scheduler.ts";
import type { BatchSums } from "./batch-sums.ts";
import { Departures } from "./departures.ts";
import { busy, busyUntil, end, firstEnd, lastStart, newClock, nextStart, start } from "./clock.ts";
import { runRow } from "./decode-row.ts";
import type { AggregatedFleetState } from "./fleet-state.ts";
import { FreshSlots } from "./fresh-slots.ts";
import { PassHistory } from "./pass-history.ts";

/**
 * A vLLM- or TRT-LLM-like worker on aggregate counts: exact, but a row of passes that only decode costs as much as the
 * blocks and requests that change in it, not one step for each request and pass (engine-findings §2).
 */
export class AggregatedWorker implements Worker {
  passes = 0;
  requests = 0;
  prefillTokens = 0;
  readonly scheduler: AggregatedScheduler;
  protected readonly fleet: AggregatedFleetState;
  protected readonly index: number;
  protected readonly clock = newClock();
  protected readonly departures: Departures;
  private readonly price: PassPrice;
  protected readonly history = new PassHistory();
  /** Slots that emitted their first token in the last pass. */
  private readonly fresh = new FreshSlots();

  /**
   * @param index how the ledger names the worker
   * @param newAdmission makes the queue in front of the scheduler
   */
  constructor(
    fleet: AggregatedFleetState,
    index: number,
    newAdmission: (context: AdmissionContext) => Admission = (context) => new Admission(context),
  ) {
    this.fleet = fleet;
    this.index = index;
    this.departures = new Departures(fleet.ledger, this.clock);
    this.scheduler = new AggregatedScheduler(fleet, this.departures, this.clock, newAdmission);
    this.price = new PassPrice(fleet.engine);
  }

  get nextStartNs(): number {
    return this.clock[nextStart]!;
  }

  get busyUntilNs(): number {
    return this.clock[busyUntil]!;
  }

  get busyNs(): number {
    return this.clock[busy]!;
  }

  get inSystem(): number {
    return this.scheduler.inSystem;
  }

  enqueue(request: number, atNs: number): void {
    this.fleet.ledger.workerIndex[request] = this.index;
    this.requests++;
    this.scheduler.admission.enqueue(request);
    this.wake(atNs);
  }

  /** There may be something to run from `atNs` on. */
  protected wake(atNs: number): void {
    const { clock } = this;
    if (clock[nextStart] === Infinity) clock[nextStart] = Math.max(atNs, clock[busyUntil]!);
  }

  advance(untilNs: number, stopAtFinish: boolean): void {
    const { clock, scheduler } = this;
    const left = this.done;
    while (clock[nextStart]! < untilNs) {
      if (!scheduler.decodeOnly || !this.runDecodes(untilNs)) this.runPass();
      if (stopAtFinish && this.done > left) return;
    }
  }

  /** Requests this worker has done its part for that the caller has not asked for. */
  protected get done(): number {
    return this.departures.count;
  }

  takeFinished(): readonly number[] {
    return this.departures.take();
  }

  lastPassEndedBy(atNs: number, sinceNs: number): ForwardPass | null {
    return this.history.lastEndedBy(atNs, sinceNs);
  }

  forwardsEndedBy(atNs: number): { readonly emittedTokens: number; readonly emittingRequests: number } {
    const tokens = this.history.tokensEmittedBy(atNs);
    return { emittedTokens: tokens, emittingRequests: tokens };
  }

  /** Of a request that has not run here; blocks nobody else has are not looked for. */
  prefixOverlapBlocks(request: number, atNs: number): number {
    const path = this.fleet.pathOf(request);
    if (path.length === 0) return 0;
    const { pool } = this.scheduler.batch;
    if (this.clock[busyUntil]! <= atNs) pool.published.publish();
    return pool.published.blocks(path);
  }

  /** Runs one pass of any kind. */
  private runPass(): void {
    const { clock, scheduler, fleet } = this;
    const { batch } = scheduler;
    const { sums } = batch;
    const pass = this.passes;
    const startNs = clock[nextStart]!;
    clock[start] = startNs;
    batch.pool.published.publish();
    if (!scheduler.schedule(pass)) {
      if (scheduler.admission.leaveRejected(start)) this.recordRefusals();
      clock[busyUntil] = startNs;
      clock[nextStart] = scheduler.mayTryAgain ? startNs : Infinity;
      return;
    }
    const { decodes, sumKnown, enteringCount } = batch;
    if (sums.withoutOutput > 0) this.releaseWithoutOutput();
    const { active } = batch.pool;
    const passNs =
      this.prefillTime(sums) + this.decodeTime(decodes + sums.chargedRequests, sumKnown + sums.chargedTokens, active);
    const endNs = startNs + passNs;
    clock[end] = endNs;
    clock[lastStart] = startNs;
    clock[busyUntil] = endNs;
    clock[busy]! += passNs;
    this.passes = pass + 1;
    this.recordMixed(decodes, sumKnown, active);
    scheduler.admission.leaveRejected(end);
    if (sums.withoutOutput > 0) this.leaveWithoutOutput();
    this.prefillTokens += sums.prefillTokens;
    if (decodes > 0) {
      if (fleet.role !== "prefill") fleet.ledger.gaps.add(passNs, decodes);
      batch.sumKnown += decodes;
      if (this.fresh.count > 0) this.fresh.stampSecondTokens(batch.table, fleet.ledger.secondTokenNs, endNs);
      if (batch.calendar.passesToNext(pass) === 0) this.finishDue(pass);
    }
    this.fresh.count = 0;
    for (let i = 0; i < enteringCount; i++) this.emitFirst(batch.entering[i]!, pass);
    clock[nextStart] = scheduler.inSystem > 0 ? endNs : Infinity;
  }

  /**
   * Runs a row of passes in which every running request emits one token and nothing else happens: until one needs a
   * block, one finishes, or `untilNs`. False, with nothing done, when the first of them needs more blocks than there are.
   */
  private runDecodes(untilNs: number): boolean {
    const { clock, scheduler, fleet } = this;
    const { batch } = scheduler;
    const { phases, decodes, sumKnown } = batch;
    const first = this.passes;
    const phase = first % phases.blockSize;
    const crossing = phases.countAt(phase);
    batch.pool.published.publish();
    if (crossing > 0 && !batch.growDecodes(crossing)) return false;
    const toFinish = batch.calendar.passesToNext(first) + 1;
    const most = Math.min(phases.passesToNext(phase), toFinish);
    clock[start] = clock[nextStart]!;
    const count = this.timeRow(most, untilNs);
    if (this.fresh.count > 0) this.fresh.stampSecondTokens(batch.table, fleet.ledger.secondTokenNs, clock[firstEnd]!);
    // Only the first pass of a row can need blocks.
    if (count > 1) batch.pool.published.publish();
    const endNs = clock[end]!;
    this.history.add(clock, count, decodes, sumKnown, decodes, batch.pool.active);
    scheduler.admission.recordQueue(this.history);
    clock[busyUntil] = endNs;
    clock[busy]! += endNs - clock[start]!;
    this.passes = first + count;
    batch.sumKnown = sumKnown + count * decodes;
    if (count === toFinish) this.finishDue(first + count - 1);
    clock[nextStart] = scheduler.inSystem > 0 ? endNs : Infinity;
    return true;
  }

  /** Duration of the prefill part of a pass. */
  protected prefillTime({ prefillRequests, sumPrefillEnds, sumPrefillPrefix }: BatchSums): number {
    return this.price.prefillNs(prefillRequests, sumPrefillEnds, sumPrefillPrefix);
  }

  /** Duration of the decode part of a pass: `charged` requests with so many tokens in all. */
  protected decodeTime(charged: number, tokens: number, activeBlocks: number): number {
    return charged === 0 ? 0 : this.fleet.decodeTimes.nanoseconds(charged, tokens, activeBlocks);
  }

  /** Times a row of at most `most` decode-only passes that start before `untilNs`; see runRow. */
  protected timeRow(most: number, untilNs: number): number {
    return runRow(this.clock, this.scheduler.batch, this.fleet.decodeTimes, most, untilNs);
  }

  private recordMixed(decodes: number, sumKnown: number, active: number): void {
    const { history } = this;
    const { sums, partial, table } = this.scheduler.batch;
    const decodeKv = sumKnown + sums.recomputeKvTokens;
    history.add(this.clock, 1, decodes + sums.recomputeRequests, decodeKv, decodes + sums.emittingRequests, active);
    const remaining = partial < 0 ? 0 : Math.max(0, table.promptLength[partial]! - table.computed[partial]!);
    history.addPrefill(sums.prefillRequests, sums.prefillTokens, sums.prefillKvTokens, remaining);
    this.scheduler.admission.recordQueue(this.history);
  }

  /** Requests were refused and there was nothing to run: a record of no length. */
  private recordRefusals(): void {
    const { clock } = this;
    clock[end] = clock[start]!;
    clock[lastStart] = clock[start]!;
    this.history.add(clock, 1, 0, 0, 0, this.scheduler.batch.pool.active);
    this.scheduler.admission.recordQueue(this.history);
  }

  /** Lets go of the decodes whose last token pass number `pass` has emitted. */
  private finishDue(pass: number): void {
    const { batch } = this.scheduler;
    const { calendar, table } = batch;
    let slot = calendar.firstAt(pass);
    while (slot >= 0) {
      const next = calendar.nextAt(slot, pass);
      const limit = table.outputLimit[slot]!;
      batch.stopDecoding(slot, pass + 1);
      this.emitLast(slot, limit, table.promptLength[slot]! + limit - 1);
      slot = next;
    }
  }

  /** A request emits token number `limit`, its last one, and leaves, `computed` of its sequence computed. */
  protected emitLast(slot: number, limit: number, computed: number): void {
    const { ledger } = this.fleet;
    const request = this.scheduler.batch.table.request[slot]!;
    ledger.lastTokenNs[request] = this.clock[end]!;
    ledger.outputTokens[request] = limit;
    this.scheduler.finish(slot, computed);
  }

  /** Requests that want no output are done with their prefill: their blocks are free before anybody decodes. */
  protected releaseWithoutOutput(): void {
    const { batch } = this.scheduler;
    const { entering, enteringCount, table } = batch;
    for (let i = 0; i < enteringCount; i++) {
      const slot = entering[i]!;
      if (table.outputLimit[slot] === 0) batch.remove(slot, table.computed[slot]!, false);
    }
  }

  /** They leave at the end of the pass. */
  protected leaveWithoutOutput(): void {
    const { entering, enteringCount, table } = this.scheduler.batch;
    for (let i = 0; i < enteringCount; i++) {
      if (table.outputLimit[entering[i]!] === 0) this.scheduler.leave(entering[i]!);
    }
  }

  /** A sequence complete at the end of a pass emits its next token: the first one, or the first since a preemption. */
  protected emitFirst(slot: number, pass: number): void {
    const { batch } = this.scheduler;
    const { table } = batch;
    const { ledger } = this.fleet;
    const request = table.request[slot]!;
    const generated = table.generated[slot]!;
    const limit = table.outputLimit[slot]!;
    if (limit === 0) return;
    const endNs = this.clock[end]!;
    if (generated === 0) ledger.firstTokenNs[request] = endNs;
    else {
      if (generated === 1) ledger.secondTokenNs[request] = endNs;
      ledger.gaps.add(Math.round(endNs - ledger.lastTokenNs[request]!), 1);
    }
    if (generated + 1 === limit) this.emitLast(slot, limit, table.computed[slot]!);
    else if (generated === 0 && batch.staysBehind(slot)) {
      ledger.lastTokenNs[request] = endNs;
      ledger.outputTokens[request] = 1;
    } else {
      batch.startDecoding(slot, pass);
      if (generated === 0) this.fresh.add(slot);
    }
  }
}
