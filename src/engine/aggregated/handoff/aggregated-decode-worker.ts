import type { HandoffColumns } from "../../../metrics/handoff-columns.ts";
import type { DecodeWorker } from "../../handoff-worker.ts";
import { AggregatedWorker } from "../aggregated-worker.ts";
import type { AggregatedFleetState } from "../fleet-state.ts";
import { DecodeAdmission } from "./decode-admission.ts";

/** A prompt that has its destination. */
interface Reservation {
  readonly slot: number;
  /** Place among all requests that have asked for a destination here. */
  readonly command: number;
  /** Leading blocks of the prompt that were resident. */
  readonly resident: number;
  /** Blocks it needs beside them. */
  readonly fresh: number;
}

/**
 * A decode worker on aggregate counts: reserves blocks for prompts computed elsewhere, takes them over and generates
 * (other-engines-findings §2.8-2.13).
 */
export class AggregatedDecodeWorker extends AggregatedWorker implements DecodeWorker {
  private readonly handoffs: HandoffColumns;
  private readonly admission: DecodeAdmission;
  private readonly pending: number[] = [];
  private readonly reserved = new Map<number, Reservation>();
  /** Changes when blocks have come free: a head that did not fit is tried again only then. */
  private triedAtChange = -1;
  private abandoned = 0;
  private commands = 0;

  constructor(fleet: AggregatedFleetState, index: number, handoffs: HandoffColumns) {
    super(fleet, index, (context) => new DecodeAdmission(context, handoffs));
    this.handoffs = handoffs;
    this.admission = this.scheduler.admission as DecodeAdmission;
  }

  override get inSystem(): number {
    return super.inSystem + this.pending.length + this.reserved.size;
  }

  get pendingDestinations(): number {
    return this.pending.length;
  }

  offerDestination(request: number): void {
    const { admission } = this;
    this.requests++;
    this.fleet.ledger.workerIndex[request] = this.index;
    if (this.pending.length === 0) this.triedAtChange = -1;
    this.pending.push(request);
    admission.pending++;
    admission.promptTokens += this.fleet.trace.inputLength[request]!;
    admission.blocked = false;
  }

  tryReserve(atNs: number): number {
    const request = this.reserveHead(atNs);
    // Even a prompt that finds no room lets those that were handed over pass preempted requests.
    if (this.scheduler.inSystem > 0) this.wake(atNs);
    return request;
  }

  freshBlocks(request: number): number {
    return this.reserved.get(request)!.fresh;
  }

  activate(request: number, atNs: number): void {
    const { admission } = this;
    const { pool, table } = this.scheduler.batch;
    const { slot, command, resident } = this.reserved.get(request)!;
    this.reserved.delete(request);
    const lastEdge = table.lastEdge[slot]!;
    if (lastEdge >= 0) {
      const full = Math.floor(table.promptLength[slot]! / this.fleet.engine.blockSize);
      table.copies[slot] = pool.register(lastEdge, resident, full, -1);
    }
    this.handoffs.destinationActivatedNs[request] = atNs;
    admission.onTheirWay--;
    admission.arrive(slot, command);
    admission.blocked = false;
    this.wake(atNs);
  }

  abandonDestination(request: number): void {
    const { admission } = this;
    const { pool, table } = this.scheduler.batch;
    const { slot, resident, fresh } = this.reserved.get(request)!;
    this.reserved.delete(request);
    pool.release(table.lastEdge[slot]!, resident, resident + fresh, -1, -1);
    table.free(slot);
    admission.onTheirWay--;
    admission.promptTokens -= table.promptLength[slot]!;
    admission.blocked = false;
    this.abandoned++;
  }

  giveUpStuck(atNs: number): boolean {
    if (!this.admission.giveUpStuck()) return false;
    this.wake(atNs);
    return true;
  }

  private reserveHead(atNs: number): number {
    const { admission, fleet } = this;
    const { batch } = this.scheduler;
    const { pool } = batch;
    const request = this.pending[0];
    if (request === undefined || batch.size >= fleet.engine.maxNumSeqs) return -1;
    const changes = this.departures.count + this.scheduler.preemptions + this.abandoned;
    if (this.triedAtChange === changes) return -1;
    const promptLength = fleet.trace.inputLength[request]!;
    const lastEdge = fleet.edges.count > 0 ? fleet.edges.lastEdge[request]! : -1;
    const edge = pool.deepestResident(lastEdge, Infinity);
    const resident = pool.residentBlocks(edge);
    const fresh = Math.ceil(promptLength / fleet.engine.blockSize) - resident;
    if (fresh > pool.available - (resident - pool.referencedBlocks(edge))) {
      this.triedAtChange = changes;
      return -1;
    }
    pool.pin(edge);
    pool.allocate(fresh);
    const slot = batch.table.take(request, promptLength, admission.outputLimit(request, promptLength), lastEdge);
    this.pending.shift();
    this.triedAtChange = -1;
    admission.pending--;
    admission.onTheirWay++;
    admission.blocked = false;
    this.reserved.set(request, { slot, command: this.commands++, resident, fresh });
    this.handoffs.destinationReservedNs[request] = atNs;
    return request;
  }

  /** A prompt that was handed over is computed again for nothing after a preemption. */
  protected override prefillTime(): number {
    return 0;
  }
}
