import type { HandoffColumns } from "../../metrics/handoff-columns.ts";
import { nothingSent, type InterruptedRequest } from "../interruption.ts";
import type { RankContext } from "../pass-by-pass/engine-rank.ts";
import type { HandoffPrefillRank } from "../pass-by-pass/handoff-rank.ts";
import { SglangRank } from "./sglang-rank.ts";
import type { SglangRequest } from "./sglang-request.ts";

/**
 * A rank of an SGLang-like prefill pool. Under current rules it computes the prompt and stops; under 1.4 it runs the
 * whole output in hidden decodes that take their time, and holds the prompt only at its end (other-engines-findings
 * §4.31).
 */
export class SglangPrefillRank extends SglangRank implements HandoffPrefillRank {
  readonly held: number[] = [];
  private readonly sources = new Map<number, SglangRequest>();
  private readonly handoffs: HandoffColumns;
  /** Held prompts a router knows of though the tree does not have them yet. */
  private readonly announced = new Set<SglangRequest>();
  private readonly justHeld: SglangRequest[] = [];

  constructor(context: RankContext, handoffs: HandoffColumns) {
    super(context);
    this.handoffs = handoffs;
    this.longestBurst = 1;
  }

  override get inSystem(): number {
    return super.inSystem + this.sources.size;
  }

  override enqueue(request: number): void {
    this.scheduler.waiting.push(this.newRequest(request));
    this.handoffs.prefillWorkerIndex[request] = this.context.index;
  }

  /** The prompt has been pulled: its pages stay in the tree, and may be evicted. */
  releaseSource(request: number): void {
    const state = this.sources.get(request)!;
    this.sources.delete(request);
    this.pool.finish(state, state.materialised);
  }

  override publish(): void {
    super.publish();
    for (const state of this.announced) if (!this.sources.has(state.request)) this.announced.delete(state);
    for (const state of this.justHeld) this.announced.add(state);
    this.justHeld.length = 0;
  }

  override prefixOverlapBlocks(request: number): number {
    let pages = super.prefixOverlapBlocks(request);
    const limit = Math.floor(this.context.inputLength[request]! / this.pool.pageSize);
    for (const { request: owner } of this.announced) {
      const length = Math.min(limit, Math.floor(this.context.inputLength[owner]! / this.pool.pageSize));
      if (length > pages) pages = Math.max(pages, this.sequence.commonPages(request, owner, 0, length));
    }
    return pages;
  }

  /** Nothing of what it computes has been sent to a client. */
  override interrupt(request: number, atNs: number): InterruptedRequest | null {
    if (!this.sources.has(request)) return super.interrupt(request, atNs) === null ? null : nothingSent();
    this.releaseSource(request);
    const at = this.held.indexOf(request);
    if (at >= 0) this.held.splice(at, 1);
    return nothingSent();
  }

  protected override takeBack(): void {}

  override onAdmit(state: SglangRequest, reused: number): void {
    if (!state.admitted) this.handoffs.prefillAdmitNs[state.request] = this.passStartNs;
    super.onAdmit(state, reused);
  }

  protected override get pagesHeldOutside(): boolean {
    return super.pagesHeldOutside || this.sources.size > 0;
  }

  protected override outputLimit(request: number, promptLength: number): number {
    const wanted = super.outputLimit(request, promptLength);
    return this.semantics.hiddenOutputPlan ? wanted : Math.min(1, wanted);
  }

  protected override acceptedDrafts(): number {
    return 0;
  }

  protected override stampTokens(): void {}

  protected override finish(state: SglangRequest, _tokens: number, endNs: number): void {
    this.sources.set(state.request, state);
    this.handoffs.sourceHeldNs[state.request] = endNs;
    // Those that want no output leave the pass before the others (measured, 1.4.2).
    let at = this.held.length;
    if (this.semantics.hiddenOutputPlan && state.outputLimit === 0) {
      while (at > 0 && this.sources.get(this.held[at - 1]!)!.outputLimit > 0 && this.heldAt(at - 1) === endNs) at--;
    }
    this.held.splice(at, 0, state.request);
    // A prompt held after its first pass is published then and enters the tree when it is let go (measured, 1.4.2).
    if (this.semantics.hiddenOutputPlan && state.outputLimit <= 1) this.justHeld.push(state);
  }

  private heldAt(place: number): number {
    return this.handoffs.sourceHeldNs[this.held[place]!]!;
  }
}
