import { promisesWholeOutput } from "../engine-config.ts";
import type { FailureReason, RequestStatus } from "../../metrics/request-ledger.ts";
import type { HandoffColumns } from "../../metrics/handoff-columns.ts";
import type { RankContext } from "./engine-rank.ts";
import type { HandoffDecodeRank } from "./handoff-rank.ts";
import { nothingSent, type InterruptedRequest } from "../interruption.ts";
import { PagedRank } from "./paged-rank.ts";
import type { RequestState } from "./request-state.ts";

/**
 * A rank of a decode pool: reserves blocks for prompts computed elsewhere, takes them over and generates; prefill work
 * it has to repeat after a preemption costs no time (other-engines-findings §2.8-2.13).
 */
export class DecodeRank extends PagedRank implements HandoffDecodeRank {
  /** Requests queued for a destination. */
  readonly pending: RequestState[] = [];
  /** Requests with a destination whose prompt is on its way. */
  private readonly reserved = new Map<number, RequestState>();
  private readonly handoffs: HandoffColumns;
  /** Changes when blocks have come free: a head that did not fit is tried again only then. */
  private capacityChanges = 0;
  private triedAtChange = -1;
  private readonly commandOrder = new Map<RequestState, number>();
  /** Requests whose prompt is computed here (conditional disaggregation). */
  private readonly local = new Set<number>();
  private commands = 0;
  private nothingComes = false;

  constructor(context: RankContext, handoffs: HandoffColumns) {
    super(context);
    this.handoffs = handoffs;
    this.scheduler.waiting.countsGenerated = false;
  }

  override get inSystem(): number {
    return super.inSystem + this.pending.length + this.reserved.size;
  }

  protected override get blocksHeldOutside(): boolean {
    return this.reserved.size > 0;
  }

  /** Queues a request whose prompt is computed here. */
  override enqueue(request: number): void {
    this.local.add(request);
    super.enqueue(request);
  }

  offerDestination(request: number): void {
    this.ledger.workerIndex[request] = this.context.index;
    const state = this.newState(request);
    if (this.pending.length === 0) this.triedAtChange = -1;
    this.pending.push(state);
    this.commandOrder.set(state, this.commands++);
    this.scheduler.onlyMaterialised = true;
    this.scheduler.blocked = false;
  }

  /** See DecodeWorker.tryReserve. */
  tryReserve(atNs: number): number {
    const state = this.pending[0];
    if (state === undefined || this.scheduler.running.length >= this.config.maxNumSeqs) return -1;
    const changes = this.capacityChanges + this.scheduler.preemptions + this.scheduler.blocks.copiesDropped;
    if (this.triedAtChange === changes) return -1;
    const { blockSize } = this.config;
    const hits = this.residentPrefix(state);
    const blocks = Math.ceil(state.promptLength / blockSize);
    if (!this.destinationFits(state, hits)) {
      this.triedAtChange = changes;
      return -1;
    }
    for (const block of hits) {
      this.cache.acquire(block);
      state.blocks.push(block);
    }
    state.registered = hits.length;
    while (state.blocks.length < blocks) state.blocks.push(this.cache.allocate());
    this.pending.shift();
    this.triedAtChange = -1;
    this.scheduler.onlyMaterialised = this.pending.length > 0;
    this.scheduler.blocked = false;
    this.reserved.set(state.request, state);
    this.handoffs.destinationReservedNs[state.request] = atNs;
    return state.request;
  }

  freshBlocks(request: number): number {
    const state = this.reserved.get(request)!;
    return state.blocks.length - state.registered;
  }

  activate(request: number, atNs: number): void {
    const state = this.reserved.get(request)!;
    this.reserved.delete(request);
    this.handoffs.destinationActivatedNs[request] = atNs;
    this.scheduler.blocks.registerFull(state, state.promptLength);
    state.computed = state.promptLength;
    state.materialised = true;
    const { waiting } = this.scheduler;
    this.scheduler.blocked = false;
    // Under current rules activated requests stand in the order of their reserve commands, whenever their transfers end.
    const order = this.semantics.name === "current" ? this.commandOrder.get(state)! : Infinity;
    waiting.insertFromBack(state, (other) => other.materialised && this.commandOrder.get(other)! > order);
  }

  abandonDestination(request: number): void {
    const state = this.reserved.get(request)!;
    this.reserved.delete(request);
    this.commandOrder.delete(state);
    this.scheduler.releaseBlocks(state);
    this.capacityChanges++;
  }

  override interrupt(request: number, atNs: number): InterruptedRequest | null {
    if (this.reserved.has(request)) {
      this.abandonDestination(request);
      this.scheduler.blocked = false;
      return nothingSent();
    }
    const at = this.pending.findIndex((state) => state.request === request);
    if (at >= 0) {
      const [state] = this.pending.splice(at, 1);
      this.commandOrder.delete(state!);
      this.triedAtChange = -1;
      this.scheduler.onlyMaterialised = this.pending.length > 0;
      this.scheduler.blocked = false;
      return nothingSent();
    }
    const interrupted = super.interrupt(request, atNs);
    if (interrupted === null) return null;
    // Sent again, its prompt may be computed elsewhere.
    this.local.delete(request);
    this.capacityChanges++;
    return interrupted;
  }

  override onAdmit(state: RequestState, cachedTokens: number): void {
    const { handoffs } = this;
    if (this.local.has(state.request)) super.onAdmit(state, cachedTokens);
    if (!state.admitted) {
      handoffs.decodeAdmitNs[state.request] = this.passStartNs;
      this.commandOrder.delete(state);
    } else if (cachedTokens > handoffs.decodeReusedTokens[state.request]!) {
      handoffs.decodeReusedTokens[state.request] = cachedTokens;
    }
    if (state.preempted) this.ledger.preemptions.onReadmitted(state.request, this.passStartNs);
  }

  override onReject(state: RequestState, reason: FailureReason): void {
    super.onReject(state, reason);
    this.commandOrder.delete(state);
    this.capacityChanges++;
  }

  /** Hand-offs that wait for a destination or are on their way are queued decode work. */
  protected override recordPass(startNs: number): void {
    super.recordPass(startNs);
    this.pass.numQueuedDecode += this.pending.length + this.reserved.size;
    for (const { promptLength } of this.pending) this.pass.sumQueuedDecodeKvTokens += promptLength;
    for (const { promptLength } of this.reserved.values()) this.pass.sumQueuedDecodeKvTokens += promptLength;
  }

  /** Only prompts that are computed here cost time, not those repeated after a hand-off. */
  protected override prefillTime(): number {
    if (this.local.size === 0) return 0;
    let requests = 0;
    let ends = 0;
    let prefixes = 0;
    for (const { request, promptLength, passBefore, passScheduled } of this.scheduler.running) {
      if (passScheduled <= 0 || passBefore >= promptLength || !this.local.has(request)) continue;
      requests++;
      ends += Math.min(passBefore + passScheduled, promptLength);
      prefixes += passBefore;
    }
    return this.price.prefillNs(requests, ends, prefixes);
  }

  protected override isCharged(state: RequestState): boolean {
    return this.local.has(state.request) ? super.isCharged(state) : state.outputLimit > 0;
  }

  protected override leave(request: number, status: RequestStatus, reason: FailureReason, atNs: number): void {
    this.local.delete(request);
    super.leave(request, status, reason, atNs);
  }

  protected override finish(state: RequestState, endNs: number): void {
    super.finish(state, endNs);
    this.capacityChanges++;
  }

  /** Requests whose prompt was handed over stay for their pass. */
  protected override releaseWithoutOutput(): void {
    const { running } = this.scheduler;
    const before = running.length;
    super.releaseWithoutOutput();
    if (running.length < before) this.capacityChanges++;
  }

  giveUpStuck(): boolean {
    const { running, waiting } = this.scheduler;
    if (this.nothingComes || running.length > 0 || !waiting.someHandedOver || !this.nothingOnItsWay) return false;
    this.nothingComes = true;
    return true;
  }

  /** While prompts are on their way or queued, or may yet come and let others pass, what does not fit now may fit later. */
  protected override giveUpOnHead(): boolean {
    if (!this.nothingOnItsWay || (!this.nothingComes && this.scheduler.waiting.someHandedOver)) return false;
    this.nothingComes = false;
    return super.giveUpOnHead();
  }

  private get nothingOnItsWay(): boolean {
    return this.reserved.size === 0 && this.pending.length === 0;
  }

  private destinationFits(state: RequestState, hits: readonly number[]): boolean {
    const { cache } = this;
    if (promisesWholeOutput(this.config)) return this.worstCaseFits(state);
    let pinnedFromCache = 0;
    for (const block of hits) if (!cache.isReferenced(block)) pinnedFromCache++;
    const fresh = Math.ceil(state.promptLength / this.config.blockSize) - hits.length;
    return fresh <= cache.availableBlocks - pinnedFromCache;
  }

  /** TRT-LLM promises every request the blocks of its whole output (current-findings §4.26). */
  private worstCaseFits(state: RequestState): boolean {
    const worstCase = (other: RequestState) =>
      Math.ceil((other.promptLength + other.outputLimit) / this.config.blockSize);
    let available = this.cache.availableBlocks;
    const promised = [...this.scheduler.running, ...this.scheduler.waiting, ...this.reserved.values()];
    for (const other of promised) available -= worstCase(other) - other.blocks.length;
    return worstCase(state) <= available;
  }

  private residentPrefix(state: RequestState): number[] {
    const hits: number[] = [];
    if (!this.config.enablePrefixCaching || this.config.engineType === "trtllm") return hits;
    const full = Math.floor(state.promptLength / this.config.blockSize);
    for (let k = 0; k < full; k++) {
      const block = this.cache.find(this.scheduler.blocks.key(state, k));
      if (block < 0) break;
      hits.push(block);
    }
    return hits;
  }
}
