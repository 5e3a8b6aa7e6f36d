import type { HandoffColumns } from "../../../metrics/handoff-columns.ts";
import { Admission, type AdmissionContext } from "../admission.ts";
import { start } from "../clock.ts";
import type { PassHistory } from "../pass-history.ts";
import { WaitingQueue } from "../waiting-queue.ts";

/**
 * The queue of a decode worker: preempted requests, then prompts that were handed over, in the order of their arrival.
 * These need no room and no budget, but only one of them enters a pass that has no budget left.
 */
export class DecodeAdmission extends Admission {
  /** Slots of prompts that have arrived. */
  private readonly arrived = new WaitingQueue();
  /** Their places among the requests that asked for a destination, by slot. */
  private readonly commandOf: number[] = [];
  /** Prompts that wait for a destination, or are on their way, and the tokens of all prompts that are not running. */
  pending = 0;
  onTheirWay = 0;
  promptTokens = 0;
  private nothingComes = false;
  private readonly handoffs: HandoffColumns;

  constructor(context: AdmissionContext, handoffs: HandoffColumns) {
    super(context);
    this.handoffs = handoffs;
  }

  override get length(): number {
    return this.waiting.size + this.arrived.size;
  }

  /** Whatever waits counts as queued decodes, with its prompt only. */
  override recordQueue(history: PassHistory): void {
    history.addQueue(0, 0, this.length + this.pending + this.onTheirWay, this.promptTokens);
  }

  override requeue(slot: number): void {
    super.requeue(slot);
    this.promptTokens += this.batch.table.promptLength[slot]!;
  }

  /** A prompt has arrived. Under current rules they stand in the order they asked for a destination. */
  arrive(slot: number, command: number): void {
    this.commandOf[slot] = command;
    const byCommand = this.fleet.semantics.name === "current";
    this.arrived.insertFromBack(slot, (other) => byCommand && this.commandOf[other]! > command);
  }

  override admit(): void {
    const { batch, arrived } = this;
    // While a prompt waits for a destination, preempted requests stay where they are.
    const overtaken = this.pending > 0;
    if (overtaken) this.stuck = false;
    else {
      super.admit();
      if (this.waiting.size > 0) return;
    }
    while (arrived.size > 0 && batch.size + batch.enteringCount < this.maxSeqs) {
      this.enter(arrived.first());
      if (batch.budget === 0) return;
    }
    this.blocked = true;
    this.stuck = batch.size + batch.enteringCount === 0;
  }

  private enter(slot: number): void {
    const { batch } = this;
    this.arrived.removeFirst();
    this.promptTokens -= batch.table.promptLength[slot]!;
    this.handoffs.decodeAdmitNs[batch.table.request[slot]!] = this.clock[start]!;
    batch.beginHandedOver(slot);
  }

  /** See DecodeWorker.giveUpStuck. */
  giveUpStuck(): boolean {
    if (this.nothingComes || !this.stuck || this.arrived.size === 0 || !this.nothingOnItsWay) return false;
    this.nothingComes = true;
    return true;
  }

  protected override mayGiveUp(): boolean {
    if (!this.nothingOnItsWay || (!this.nothingComes && this.arrived.size > 0)) return false;
    this.nothingComes = false;
    return true;
  }

  private get nothingOnItsWay(): boolean {
    return this.pending === 0 && this.onTheirWay === 0;
  }

  protected override forgetPreempted(slot: number): void {
    super.forgetPreempted(slot);
    this.promptTokens -= this.batch.table.promptLength[slot]!;
  }

  protected override recordReadmission(request: number, cachedTokens: number): void {
    const { decodeReusedTokens } = this.handoffs;
    if (cachedTokens > decodeReusedTokens[request]!) decodeReusedTokens[request] = cachedTokens;
  }
}
