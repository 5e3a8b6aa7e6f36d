import { FailureReason, RequestStatus } from "../../metrics/request-ledger.ts";
import type { Admission, AdmissionContext } from "./admission.ts";
import { end, start } from "./clock.ts";
import type { Departures } from "./departures.ts";
import type { AggregatedFleetState } from "./fleet-state.ts";
import { RunningBatch } from "./running-batch.ts";

/** Stands for "unbounded" in token counts. */
const unbounded = 2 ** 30;

/**
 * vLLM- and TRT-LLM-like continuous batching (engine-reference §4.1-4.2): running requests first, then admission; when
 * the pool is full the newest running request gives way (TRT-LLM never lets it come to that).
 */
export class AggregatedScheduler {
  readonly batch: RunningBatch;
  readonly admission: Admission;
  private readonly fleet: AggregatedFleetState;
  private readonly departures: Departures;
  private readonly clock: Float64Array;
  private readonly maxTokens: number;
  private readonly blockSize: number;
  /** Requests preempted so far. */
  preemptions = 0;
  private preemptedThisPass = false;

  /** @param newAdmission makes the queue in front of it */
  constructor(
    fleet: AggregatedFleetState,
    departures: Departures,
    clock: Float64Array,
    newAdmission: (context: AdmissionContext) => Admission,
  ) {
    this.fleet = fleet;
    this.departures = departures;
    this.clock = clock;
    this.maxTokens = Math.min(fleet.engine.maxNumBatchedTokens, unbounded);
    this.blockSize = fleet.engine.blockSize;
    this.batch = new RunningBatch(fleet);
    this.admission = newAdmission({ fleet, batch: this.batch, departures, clock });
  }

  /** Queued and running requests. */
  get inSystem(): number {
    return this.admission.length + this.batch.size;
  }

  /** Whether a pass that computed nothing may be tried again at once. */
  get mayTryAgain(): boolean {
    return this.inSystem > 0 && (this.preemptedThisPass || !this.admission.stuck);
  }

  /** Whether the next pass can do nothing but one token for each running decode. */
  get decodeOnly(): boolean {
    const { batch, admission } = this;
    if (batch.partial >= 0 || batch.behind.length > 0 || batch.decodes === 0) return false;
    return admission.blocked || admission.length === 0;
  }

  /** Puts pass number `pass` together; it starts now. False when it would compute nothing. */
  schedule(pass: number): boolean {
    const { batch } = this;
    batch.sums.reset();
    batch.enteringCount = 0;
    this.preemptedThisPass = false;
    const crossing = batch.phases.countAt(pass % this.blockSize);
    if (crossing > 0 && !batch.growDecodes(crossing)) this.growOneByOne(pass);
    batch.budget = this.maxTokens - batch.decodes;
    if (batch.partial >= 0) this.continuePartial(pass);
    if (batch.behind.length > 0) this.continueBehind(pass);
    if (!this.preemptedThisPass) this.admission.admit();
    return batch.decodes > 0 || batch.sums.requests > 0;
  }

  /** A request leaves with all its tokens, `computed` of its sequence computed. */
  finish(slot: number, computed: number): void {
    this.batch.remove(slot, computed, false);
    this.leave(slot);
  }

  /** A request whose blocks are released leaves, completed. */
  leave(slot: number): void {
    const { table } = this.batch;
    table.free(slot);
    this.admission.blocked = false;
    this.departures.leave(table.request[slot]!, RequestStatus.completed, FailureReason.none, end);
  }

  /** New blocks for the decodes in running order, the newest request giving way when none is left. */
  private growOneByOne(pass: number): void {
    const { batch } = this;
    const { table, pool } = batch;
    const phase = pass % this.blockSize;
    for (let slot = table.head; slot >= 0 && slot !== batch.partial; slot = table.next[slot]!) {
      if (table.phase[slot] !== phase || table.decoding[slot] !== 1) continue;
      while (pool.available === 0) {
        const victim = table.tail;
        this.preempt(victim, pass);
        if (victim === slot) return;
      }
      batch.growDecodes(1);
    }
  }

  /** The cut prefill goes on. For its blocks those that were handed over behind it give way first, then it does itself. */
  private continuePartial(pass: number): void {
    const { batch, blockSize } = this;
    const { table } = batch;
    const slot = batch.partial;
    const computed = table.computed[slot]!;
    const tokens = Math.min(table.promptLength[slot]! + table.generated[slot]! - computed, batch.budget);
    const blocks = Math.ceil((computed + tokens) / blockSize) - Math.ceil(computed / blockSize);
    while (blocks > batch.pool.available) {
      const victim = table.tail;
      this.preempt(victim, pass);
      if (victim === slot) return;
    }
    batch.partial = -1;
    batch.compute(slot, tokens);
  }

  /** Requests behind a prefill that is cut no longer go on as far as the budget reaches, newest giving way for blocks. */
  private continueBehind(pass: number): void {
    const { batch, blockSize } = this;
    const { table, pool, behind } = batch;
    while (behind.length > 0 && batch.partial < 0 && batch.budget > 0) {
      const slot = behind[0]!;
      const blocks = table.computed[slot]! % blockSize === 0 ? 1 : 0;
      while (blocks > pool.available && behind[0] === slot) this.preempt(table.tail, pass);
      if (behind[0] !== slot) return;
      behind.shift();
      batch.compute(slot, 1);
    }
  }

  /** A request loses its blocks and goes to the front of the queue; it keeps its generated tokens. */
  private preempt(slot: number, pass: number): void {
    const { batch } = this;
    const { table } = batch;
    this.fleet.ledger.preemptions.onPreempted(table.request[slot]!, this.clock[start]!);
    let computed = table.computed[slot]!;
    if (slot === batch.partial) batch.partial = -1;
    else if (table.decoding[slot] === 0) batch.behind.splice(batch.behind.indexOf(slot), 1);
    else {
      batch.stopDecoding(slot, pass);
      computed = table.promptLength[slot]! + table.generated[slot]! - 1;
      if (this.fleet.role !== "prefill") this.recordTokens(slot);
    }
    batch.remove(slot, computed, true);
    this.admission.requeue(slot);
    this.preemptions++;
    this.preemptedThisPass = true;
  }

  /** The last token of a request that is preempted came at the end of the pass before, which is now. */
  private recordTokens(slot: number): void {
    const { table } = this.batch;
    const { ledger } = this.fleet;
    const request = table.request[slot]!;
    ledger.lastTokenNs[request] = this.clock[start]!;
    ledger.outputTokens[request] = table.generated[slot]!;
  }
}
