import { FailureReason, RequestStatus } from "../../metrics/request-ledger.ts";
import { Admission } from "./admission.ts";
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
  private preemptedThisPass = false;

  constructor(fleet: AggregatedFleetState, departures: Departures, clock: Float64Array) {
    this.fleet = fleet;
    this.departures = departures;
    this.clock = clock;
    this.maxTokens = Math.min(fleet.engine.maxNumBatchedTokens, unbounded);
    this.blockSize = fleet.engine.blockSize;
    this.batch = new RunningBatch(fleet);
    this.admission = new Admission(fleet, this.batch, departures, clock);
  }

  /** Queued and running requests. */
  get inSystem(): number {
    return this.admission.waiting.size + this.batch.size;
  }

  /** Whether the next pass can do nothing but one token for each running decode. */
  get decodeOnly(): boolean {
    const { batch, admission } = this;
    if (batch.partial >= 0 || batch.behind.length > 0 || batch.decodes === 0) return false;
    return admission.blocked || admission.waiting.size === 0;
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
    if (batch.behind.length > 0) batch.continueBehind();
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
      if (table.phase[slot] !== phase) continue;
      while (pool.available === 0) {
        const victim = table.tail;
        this.preempt(victim, pass);
        if (victim === slot) return;
      }
      batch.growDecodes(1);
    }
  }

  /** The cut prefill goes on; it is the newest, so it gives way itself when its blocks do not fit. */
  private continuePartial(pass: number): void {
    const { batch, blockSize } = this;
    const { table } = batch;
    const slot = batch.partial;
    const computed = table.computed[slot]!;
    const tokens = Math.min(table.promptLength[slot]! + table.generated[slot]! - computed, batch.budget);
    const blocks = Math.ceil((computed + tokens) / blockSize) - Math.ceil(computed / blockSize);
    if (blocks > batch.pool.available) this.preempt(slot, pass);
    else {
      batch.partial = -1;
      batch.compute(slot, tokens);
    }
  }

  /** A request loses its blocks and goes to the front of the queue; it keeps its generated tokens. */
  private preempt(slot: number, pass: number): void {
    const { batch } = this;
    const { table } = batch;
    let computed = table.computed[slot]!;
    if (slot === batch.partial) batch.partial = -1;
    else {
      batch.stopDecoding(slot, pass);
      computed = table.promptLength[slot]! + table.generated[slot]! - 1;
      // Its last token came at the end of the pass before, which is now.
      const { ledger } = this.fleet;
      const request = table.request[slot]!;
      ledger.lastTokenNs[request] = this.clock[start]!;
      ledger.outputTokens[request] = table.generated[slot]!;
    }
    batch.remove(slot, computed, true);
    this.admission.requeue(slot);
    this.preemptedThisPass = true;
  }
}
