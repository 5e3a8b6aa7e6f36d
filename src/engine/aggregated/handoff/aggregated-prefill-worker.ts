import type { HandoffColumns } from "../../../metrics/handoff-columns.ts";
import type { PrefillWorker } from "../../handoff-worker.ts";
import { AggregatedWorker } from "../aggregated-worker.ts";
import { end, firstEnd, lastStart, secondLastStart, start } from "../clock.ts";
import type { AggregatedFleetState } from "../fleet-state.ts";
import { PrefillAdmission } from "./prefill-admission.ts";

const nothing: readonly number[] = [];

/**
 * A prefill worker on aggregate counts. What it generates under 1.4 is hidden and takes no time; a finished prompt
 * keeps its blocks until it is pulled (other-engines-findings §2.1-2.3).
 */
export class AggregatedPrefillWorker extends AggregatedWorker implements PrefillWorker {
  private readonly handoffs: HandoffColumns;
  private readonly admission: PrefillAdmission;
  private readonly held: number[] = [];
  /** Slots of held prompts. */
  private readonly sources = new Map<number, number>();
  heldUntilNs = 0;

  constructor(fleet: AggregatedFleetState, index: number, handoffs: HandoffColumns) {
    super(fleet, index, (context) => new PrefillAdmission(context, handoffs));
    this.handoffs = handoffs;
    this.admission = this.scheduler.admission as PrefillAdmission;
  }

  override get inSystem(): number {
    return super.inSystem + this.sources.size;
  }

  override enqueue(request: number, atNs: number): void {
    super.enqueue(request, atNs);
    this.fleet.ledger.workerIndex[request] = -1;
    this.handoffs.prefillWorkerIndex[request] = this.index;
  }

  /** A prompt that is held is done here. */
  protected override get done(): number {
    return super.done + this.held.length;
  }

  takeHeld(): readonly number[] {
    return this.held.length === 0 ? nothing : this.held.splice(0);
  }

  releaseSource(request: number, atNs: number): void {
    const { batch } = this.scheduler;
    const slot = this.sources.get(request)!;
    this.sources.delete(request);
    this.heldUntilNs = atNs;
    this.admission.heldSources--;
    this.admission.blocked = false;
    batch.release(slot, batch.table.computed[slot]!, false);
    batch.table.free(slot);
    if (this.scheduler.inSystem > 0) this.wake(atNs);
  }

  protected override decodeTime(): number {
    return 0;
  }

  /** Passes without a prompt take no time. */
  protected override timeRow(most: number): number {
    const { clock } = this;
    for (const reading of [firstEnd, secondLastStart, lastStart, end]) clock[reading] = clock[start]!;
    return most;
  }

  protected override emitFirst(slot: number, pass: number): void {
    const { batch } = this.scheduler;
    const { table } = batch;
    const limit = table.outputLimit[slot]!;
    if (limit === 0) return;
    const generated = table.generated[slot]!;
    if (generated + 1 === limit) this.emitLast(slot, limit, table.computed[slot]!);
    else if (generated > 0 || !batch.staysBehind(slot)) batch.startDecoding(slot, pass);
  }

  protected override emitLast(slot: number, _limit: number, computed: number): void {
    this.scheduler.batch.retire(slot, computed);
    this.hold(slot, computed);
  }

  protected override releaseWithoutOutput(): void {
    this.withoutOutput((slot, computed) => this.scheduler.batch.retire(slot, computed));
  }

  protected override leaveWithoutOutput(): void {
    this.withoutOutput((slot, computed) => this.hold(slot, computed));
  }

  private withoutOutput(act: (slot: number, computed: number) => void): void {
    const { entering, enteringCount, table } = this.scheduler.batch;
    for (let i = 0; i < enteringCount; i++) {
      const slot = entering[i]!;
      if (table.outputLimit[slot] === 0) act(slot, table.computed[slot]!);
    }
  }

  /** A prompt is finished: its place among the running is free, not its blocks. */
  private hold(slot: number, computed: number): void {
    const { table } = this.scheduler.batch;
    const request = table.request[slot]!;
    table.computed[slot] = computed;
    this.admission.blocked = false;
    this.admission.heldSources++;
    this.sources.set(request, slot);
    this.handoffs.sourceHeldNs[request] = this.clock[end]!;
    this.held.push(request);
  }
}
