import type { ForwardPass } from "../forward-pass.ts";
import { PassPrice } from "../pass-price.ts";
import type { Worker } from "../worker.ts";
import { AggregatedScheduler } from "./aggregated-scheduler.ts";
import { Departures } from "./departures.ts";
import type { AggregatedFleetState } from "./fleet-state.ts";
import { PassHistory } from "./pass-history.ts";

/** Places of the clock's readings (ns); a typed array keeps them unboxed. */
const nextStart = 0;
const busyUntil = 1;
const busy = 2;

/**
 * A vLLM- or TRT-LLM-like worker on aggregate counts: exact, but a row of passes that only decode costs as much as the
 * blocks and requests that change in it, not one step for each request and pass (engine-findings §2).
 */
export class AggregatedWorker implements Worker {
  passes = 0;
  requests = 0;
  readonly scheduler: AggregatedScheduler;
  private readonly fleet: AggregatedFleetState;
  private readonly index: number;
  private readonly horizonNs: number;
  private readonly clock = Float64Array.of(Infinity, 0, 0);
  private readonly departures: Departures;
  private readonly price: PassPrice;
  private readonly history = new PassHistory();
  /** Slots that emitted their first token in the last pass. */
  private fresh = new Int32Array(64);
  private freshCount = 0;

  /**
   * @param index how the ledger names the worker
   * @param horizonNs a pass that would end later is left unfinished, and the worker stops
   */
  constructor(fleet: AggregatedFleetState, index: number, horizonNs = Infinity) {
    this.fleet = fleet;
    this.index = index;
    this.horizonNs = horizonNs;
    this.departures = new Departures(fleet.ledger);
    this.scheduler = new AggregatedScheduler(fleet, this.departures);
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
    const { clock } = this;
    this.fleet.ledger.workerIndex[request] = this.index;
    this.requests++;
    this.scheduler.enqueue(request);
    if (clock[nextStart] === Infinity) clock[nextStart] = Math.max(atNs, clock[busyUntil]!);
  }

  advance(untilNs: number, stopAtFinish: boolean): void {
    const { clock, scheduler, departures } = this;
    const left = departures.count;
    while (clock[nextStart]! < untilNs) {
      if (!scheduler.decodeOnly || !this.runDecodes(untilNs)) this.runPass();
      if (stopAtFinish && departures.count > left) return;
    }
  }

  takeFinished(): readonly number[] {
    return this.departures.take();
  }

  lastPassEndedBy(atNs: number, sinceNs: number): ForwardPass | null {
    return this.history.lastEndedBy(atNs, sinceNs);
  }

  prefixOverlapBlocks(request: number): number {
    const { edges } = this.fleet;
    if (edges.count === 0) return 0;
    const { pool } = this.scheduler;
    return pool.residentBlocks(pool.deepestResident(edges.lastEdge[request]!, Infinity));
  }

  /** Runs one pass of any kind. */
  private runPass(): void {
    const { clock, scheduler, fleet, history } = this;
    const { sums } = scheduler;
    const startNs = clock[nextStart]!;
    const pass = this.passes;
    if (!scheduler.schedule(pass, startNs)) {
      clock[busyUntil] = startNs;
      clock[nextStart] = scheduler.waiting.size > 0 ? startNs : Infinity;
      return;
    }
    const { decodes, sumKnown, enteringCount } = scheduler;
    const active = scheduler.pool.active;
    const charged = decodes + sums.chargedRequests;
    const prefillNs = this.price.prefillNs(sums.prefillRequests, sums.sumPrefillEnds, sums.sumPrefillPrefix);
    const decodeNs = charged === 0 ? 0 : fleet.decodeTimes.nanoseconds(charged, sumKnown + sums.chargedTokens, active);
    const passNs = prefillNs + decodeNs;
    const endNs = startNs + passNs;
    if (endNs > this.horizonNs) {
      this.stop();
      return;
    }
    const decodeKv = sumKnown + sums.recomputeKvTokens;
    const emitting = decodes + sums.emittingRequests;
    history.add(startNs, startNs, startNs, endNs, 1, decodes + sums.recomputeRequests, decodeKv, emitting, active);
    history.addPrefill(sums.prefillRequests, sums.prefillTokens, sums.prefillKvTokens, this.remainingPrefill());
    this.recordQueue();
    clock[busyUntil] = endNs;
    clock[busy]! += passNs;
    this.passes = pass + 1;
    if (decodes > 0) {
      fleet.ledger.gaps.add(passNs, decodes);
      scheduler.sumKnown += decodes;
      this.stampSecondTokens(endNs);
      this.finishDue(pass, endNs);
    }
    this.freshCount = 0;
    for (let i = 0; i < enteringCount; i++) this.emitFirst(scheduler.entering[i]!, pass, endNs);
    this.goOn(endNs);
  }

  /**
   * Runs a row of passes in which every running request emits one token and nothing else happens: until one needs a
   * block, one finishes, or `untilNs`. False, with nothing done, when the first of them needs more blocks than there are.
   */
  private runDecodes(untilNs: number): boolean {
    const { clock, scheduler, fleet, history } = this;
    const { phases, calendar } = scheduler;
    const first = this.passes;
    const phase = first % phases.blockSize;
    const crossing = phases.countAt(phase);
    if (crossing > 0 && !scheduler.growDecodes(crossing)) return false;
    const toFinish = calendar.passesToNext(first) + 1;
    const most = Math.min(phases.passesToNext(phase), toFinish);
    const startNs = clock[nextStart]!;
    const { decodes, sumKnown } = scheduler;
    const active = scheduler.pool.active;
    const passNs = fleet.decodeTimes.nanoseconds(decodes, sumKnown, active);
    if (startNs + passNs > this.horizonNs) {
      this.stop();
      return true;
    }
    let count = 1;
    let endNs = startNs + passNs;
    let lastStartNs = startNs;
    let secondLastStartNs = startNs;
    if (this.freshCount > 0) this.stampSecondTokens(endNs);
    if (most === 1 || endNs >= untilNs) fleet.ledger.gaps.add(passNs, decodes);
    else if (fleet.decodeTimes.byBlocksOnly) {
      count = passesWithin(startNs, passNs, most, untilNs, this.horizonNs);
      endNs = startNs + count * passNs;
      lastStartNs = startNs + (count - 1) * passNs;
      secondLastStartNs = startNs + (count - 2) * passNs;
      fleet.ledger.gaps.add(passNs, decodes * count);
    } else {
      fleet.ledger.gaps.add(passNs, decodes);
      const { row } = this;
      row[0] = startNs;
      row[1] = startNs;
      row[2] = endNs;
      count = this.runUnequal(most, untilNs);
      secondLastStartNs = row[0]!;
      lastStartNs = row[1]!;
      endNs = row[2]!;
    }
    history.add(startNs, secondLastStartNs, lastStartNs, endNs, count, decodes, sumKnown, decodes, active);
    this.recordQueue();
    clock[busyUntil] = endNs;
    clock[busy]! += endNs - startNs;
    this.passes = first + count;
    scheduler.sumKnown = sumKnown + count * decodes;
    if (count === toFinish) this.finishDue(first + count - 1, endNs);
    this.goOn(endNs);
    return true;
  }

  /** Start of the pass before the last, start and end of the last pass of a row. */
  private readonly row = new Float64Array(3);

  /** Runs the passes of a row after its first, each with a time of its own; how many the row has. */
  private runUnequal(most: number, untilNs: number): number {
    const { row, scheduler, horizonNs } = this;
    const { decodeTimes, ledger } = this.fleet;
    const { decodes } = scheduler;
    const active = scheduler.pool.active;
    let sumKnown = scheduler.sumKnown;
    let secondLastNs = row[0]!;
    let lastNs = row[1]!;
    let atNs = row[2]!;
    let count = 1;
    while (count < most && atNs < untilNs) {
      sumKnown += decodes;
      const passNs = decodeTimes.nanoseconds(decodes, sumKnown, active);
      if (atNs + passNs > horizonNs) break;
      ledger.gaps.add(passNs, decodes);
      secondLastNs = lastNs;
      lastNs = atNs;
      atNs += passNs;
      count++;
    }
    row[0] = secondLastNs;
    row[1] = lastNs;
    row[2] = atNs;
    return count;
  }

  /** The next pass would end beyond the horizon: the worker rests. */
  private stop(): void {
    this.clock[busyUntil] = this.horizonNs;
    this.clock[nextStart] = Infinity;
  }

  private goOn(endNs: number): void {
    const { scheduler } = this;
    this.clock[nextStart] = scheduler.inSystem > 0 ? endNs : Infinity;
  }

  private recordQueue(): void {
    const { scheduler } = this;
    const preempted = scheduler.queuedPreempted;
    this.history.addQueue(
      scheduler.waiting.size - preempted,
      scheduler.queuedPromptTokens,
      preempted,
      scheduler.queuedPreemptedTokens,
    );
  }

  private remainingPrefill(): number {
    const { partial, table } = this.scheduler;
    return partial < 0 ? 0 : Math.max(0, table.promptLength[partial]! - table.computed[partial]!);
  }

  /** Stamps those that emitted their first token in the pass before and were not preempted in this one. */
  private stampSecondTokens(endNs: number): void {
    const { table } = this.scheduler;
    const { ledger } = this.fleet;
    for (let i = 0; i < this.freshCount; i++) {
      const slot = this.fresh[i]!;
      if (table.decoding[slot] === 1) ledger.secondTokenNs[table.request[slot]!] = endNs;
    }
    this.freshCount = 0;
  }

  /** Lets go of the decodes whose last token pass number `pass` has emitted. */
  private finishDue(pass: number, endNs: number): void {
    const { scheduler, fleet } = this;
    const { calendar, table } = scheduler;
    const { ledger } = fleet;
    let slot = calendar.firstAt(pass);
    while (slot >= 0) {
      const next = calendar.nextAt(slot, pass);
      const request = table.request[slot]!;
      const limit = table.outputLimit[slot]!;
      scheduler.stopDecoding(slot, pass + 1);
      ledger.lastTokenNs[request] = endNs;
      ledger.outputTokens[request] = limit;
      scheduler.finish(slot, table.promptLength[slot]! + limit - 1, endNs);
      slot = next;
    }
  }

  /** A sequence complete at the end of a pass emits its next token: the first one, or the first since a preemption. */
  private emitFirst(slot: number, pass: number, endNs: number): void {
    const { scheduler, fleet } = this;
    const { table } = scheduler;
    const { ledger } = fleet;
    const request = table.request[slot]!;
    const generated = table.generated[slot]!;
    const limit = table.outputLimit[slot]!;
    if (limit === 0) {
      scheduler.finish(slot, table.computed[slot]!, endNs);
      return;
    }
    if (generated === 0) ledger.firstTokenNs[request] = endNs;
    else {
      if (generated === 1) ledger.secondTokenNs[request] = endNs;
      ledger.gaps.add(Math.round(endNs - ledger.lastTokenNs[request]!), 1);
    }
    if (generated + 1 === limit) {
      ledger.lastTokenNs[request] = endNs;
      ledger.outputTokens[request] = limit;
      scheduler.finish(slot, table.computed[slot]!, endNs);
      return;
    }
    if (generated === 0 && scheduler.staysBehind(slot)) {
      ledger.lastTokenNs[request] = endNs;
      ledger.outputTokens[request] = 1;
      return;
    }
    scheduler.startDecoding(slot, pass);
    if (generated > 0) return;
    if (this.freshCount === this.fresh.length) {
      const larger = new Int32Array(this.freshCount * 2);
      larger.set(this.fresh);
      this.fresh = larger;
    }
    this.fresh[this.freshCount++] = slot;
  }
}

/** How many of at most `most` passes of `passNs` from `startNs` on start before `untilNs` and end by `horizonNs`, at least 1. */
function passesWithin(startNs: number, passNs: number, most: number, untilNs: number, horizonNs: number): number {
  let count = Math.min(most, Math.ceil((untilNs - startNs) / passNs));
  if (startNs + count * passNs > horizonNs) count = Math.floor((horizonNs - startNs) / passNs);
  return count;
}
