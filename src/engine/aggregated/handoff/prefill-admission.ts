import type { HandoffColumns } from "../../../metrics/handoff-columns.ts";
import { Admission, type AdmissionContext } from "../admission.ts";
import { start } from "../clock.ts";

/** The queue of a prefill worker. */
export class PrefillAdmission extends Admission {
  /** Prompts that are finished and hold their blocks until they are pulled. */
  heldSources = 0;
  private readonly handoffs: HandoffColumns;

  constructor(context: AdmissionContext, handoffs: HandoffColumns) {
    super(context);
    this.handoffs = handoffs;
  }

  /** One token under current rules; under 1.4 the whole hidden output plan (other-engines-findings §2.1). */
  override outputLimit(request: number, promptLength: number): number {
    const wanted = super.outputLimit(request, promptLength);
    return this.fleet.semantics.hiddenOutputPlan ? wanted : Math.min(1, wanted);
  }

  protected override recordAdmission(request: number, cachedTokens: number): void {
    super.recordAdmission(request, cachedTokens);
    this.handoffs.prefillAdmitNs[request] = this.clock[start]!;
  }

  /** Held prompts will free their blocks, so a head that does not fit now may fit later. */
  protected override mayGiveUp(entry: number): boolean {
    if (this.heldSources === 0) return true;
    const { table } = this.batch;
    const known =
      entry >= 0 ? this.fleet.trace.inputLength[entry]! : table.promptLength[~entry]! + table.generated[~entry]!;
    return Math.ceil(known / this.blockSize) > this.fleet.engine.numGpuBlocks;
  }
}
