import type { HandoffColumns } from "../../metrics/handoff-columns.ts";
import { HiddenDecodeRowRun, type DecodeRowRun } from "./decode-row-run.ts";
import type { RankContext } from "./engine-rank.ts";
import type { HandoffPrefillRank } from "./handoff-rank.ts";
import { PagedRank } from "./paged-rank.ts";
import { knownTokens, type RequestState } from "./request-state.ts";
import { nothingSent, type InterruptedRequest } from "../interruption.ts";
import { reserveBurst } from "./speculative-burst.ts";

/**
 * A rank of a prefill pool. Under current rules it computes the prompt and stops; under 1.4 it runs the whole output
 * plan in hidden passes that take no decode time, and holds the prompt only at its end (other-engines-findings §2.1).
 */
export class PrefillRank extends PagedRank implements HandoffPrefillRank {
  /** Prompts finished since the caller last emptied it. */
  readonly held: number[] = [];
  private readonly sources = new Map<number, RequestState>();
  private readonly handoffs: HandoffColumns;

  constructor(context: RankContext, handoffs: HandoffColumns) {
    super(context);
    this.handoffs = handoffs;
    if (this.config.speculative !== null) this.scheduler.room.longestBurst = 1;
  }

  override get inSystem(): number {
    return super.inSystem + this.sources.size;
  }

  override enqueue(request: number): void {
    super.enqueue(request);
    this.ledger.workerIndex[request] = -1;
    this.handoffs.prefillWorkerIndex[request] = this.context.index;
  }

  protected override newRows(): DecodeRowRun {
    return new HiddenDecodeRowRun(this, this.config.blockSize);
  }

  protected override get blocksHeldOutside(): boolean {
    return this.sources.size > 0;
  }

  releaseSource(request: number): void {
    const state = this.sources.get(request)!;
    this.sources.delete(request);
    this.scheduler.releaseBlocks(state);
  }

  /** Nothing of what it computes has been sent to a client. */
  override interrupt(request: number, atNs: number): InterruptedRequest | null {
    const source = this.sources.get(request);
    if (source === undefined) return super.interrupt(request, atNs) === null ? null : nothingSent();
    this.releaseSource(request);
    const at = this.held.indexOf(request);
    if (at >= 0) this.held.splice(at, 1);
    return nothingSent();
  }

  protected override takeBack(): void {}

  override onAdmit(state: RequestState, cachedTokens: number): void {
    if (!state.admitted) this.handoffs.prefillAdmitNs[state.request] = this.passStartNs;
    super.onAdmit(state, cachedTokens);
  }

  protected override outputLimit(request: number, promptLength: number): number {
    const wanted = super.outputLimit(request, promptLength);
    return this.semantics.hiddenOutputPlan ? wanted : Math.min(1, wanted);
  }

  protected override decodeTime(): number {
    if (this.config.speculative !== null && reserveBurst(this)) this.collectReady();
    return 0;
  }

  protected override burstLength(state: RequestState): number {
    return Math.min(1, state.outputLimit - state.generated);
  }

  protected override emit(state: RequestState, tokens: number): void {
    state.generated += tokens;
    if (this.config.speculative !== null) this.growAfterBurst(state);
  }

  protected override finish(state: RequestState, endNs: number): void {
    // Its place among the running is free, if not its blocks.
    this.scheduler.blocked = false;
    this.sources.set(state.request, state);
    this.handoffs.sourceHeldNs[state.request] = endNs;
    this.held.push(state.request);
  }

  protected override finishWithoutOutput(state: RequestState, endNs: number): void {
    this.finish(state, endNs);
  }

  /** Every prompt is held until it is handed over, but one that wants no output makes no way for a burst. */
  protected override releasePrompt(): void {}

  /** Held prompts will free their blocks, so a head that does not fit now may fit later. */
  protected override giveUpOnHead(): boolean {
    const head = this.scheduler.waiting.first;
    if (head === undefined) return false;
    const needed = Math.ceil(knownTokens(head) / this.config.blockSize);
    if (this.sources.size > 0 && needed <= this.config.numGpuBlocks) return false;
    return super.giveUpOnHead();
  }
}
