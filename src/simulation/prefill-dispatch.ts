import type { PrefillWorker } from "../engine/handoff-worker.ts";
import type { PooledWorker } from "../fleet/worker-pool.ts";
import { computesLocally, type ConditionalDisaggregation } from "../router/conditional-disaggregation.ts";
import type { HandoffContext } from "./handoff-context.ts";
import type { Assignment } from "./pool-router.ts";
import type { Station } from "./station.ts";

/** Sends requests of a disaggregated run to where their prompt is computed, and knows who has it. */
export class PrefillDispatch {
  /** The prefill worker of each request under way, so that workers that are gone can be forgotten. */
  readonly sourceOf = new Map<number, Station<PrefillWorker>>();
  private readonly context: HandoffContext;

  constructor(context: HandoffContext) {
    this.context = context;
  }

  /**
   * Sends a request to a worker, or lets the router hold it back.
   * @returns requests the router refuses
   */
  submit(request: number, nowNs: number): readonly number[] {
    const { prefillRouter, conditional } = this.context;
    if (conditional !== null && this.computeLocally(conditional, request, nowNs)) return [];
    const assignment = prefillRouter.route(request, nowNs);
    if (assignment !== null) this.send(assignment, nowNs);
    return prefillRouter.takeRefused();
  }

  /** Sends a request to a decode worker that computes its prompt, if the rule says so. */
  private computeLocally(rule: ConditionalDisaggregation, request: number, nowNs: number): boolean {
    const { prefillPool, decodePool, prefillRouter, decodeRouter, board, topology, trace } = this.context;
    if (decodePool.active.length === 0) return false;
    for (const each of decodePool.active) board.touch(board.of("decode", each), nowNs);
    const there = decodeRouter.prospect(request, nowNs);
    if (there === null) return false;
    const asksPrefill = rule.policy !== "isl_bounding" && prefillPool.active.length > 0;
    const { blockSize, numGpuBlocks } = topology.decodeEngine;
    const local = computesLocally(rule, {
      inputLength: trace.inputLength[request]!,
      cachedTokens: there.overlapBlocks * blockSize,
      decodeBlocks: there.activeBlocks,
      decodePoolBlocks: numGpuBlocks,
      prefillTokens: asksPrefill ? prefillRouter.prospect(request, nowNs)!.prefillTokens : null,
      maxBatchedTokens: topology.prefillEngine.maxNumBatchedTokens,
    });
    if (!local) return false;
    there.accept();
    this.context.handoffs.decodeRouteOverlapTokens[request] = there.overlapBlocks * blockSize;
    this.context.observers.loads?.visit("decode", there.member, nowNs);
    this.context.observers.traffic?.onRouted(there.overlapBlocks, Math.ceil(trace.inputLength[request]! / blockSize));
    there.member.worker.enqueue(request, nowNs);
    board.watch(board.of("decode", there.member), nowNs);
    return true;
  }

  /** Requests the prefill router held back and lets go now. */
  sendHeldBack(nowNs: number): void {
    while (this.context.prefillRouter.backlog > 0 && this.context.prefillPool.active.length > 0) {
      const assignment = this.context.prefillRouter.next(nowNs);
      if (assignment === null) return;
      this.send(assignment, nowNs);
    }
  }

  /** Whether a request the prefill router held back may have got its chance since it was asked last. */
  mayFollow(nowNs: number): boolean {
    const { prefillRouter, prefillPool } = this.context;
    return prefillRouter.backlog > 0 && prefillPool.active.length > 0 && prefillRouter.nextReleaseNs <= nowNs;
  }

  /** Requests whose prompt a prefill worker computes or holds, and that no decode worker has yet. */
  requestsOf(member: PooledWorker<PrefillWorker>): number[] {
    const { destinationActivatedNs } = this.context.handoffs;
    return [...this.sourceOf]
      .filter(([request, station]) => station.member === member && Number.isNaN(destinationActivatedNs[request]!))
      .map(([request]) => request);
  }

  private send(assignment: Assignment<PrefillWorker>, nowNs: number): void {
    const { request, member, overlapBlocks } = assignment;
    const { blockSize } = this.context.topology.prefillEngine;
    this.context.handoffs.prefillRouteOverlapTokens[request] = overlapBlocks * blockSize;
    if (this.context.prefillRouter.looksAtWorkers) {
      const blocks = Math.ceil(this.context.trace.inputLength[request]! / blockSize);
      this.context.observers.traffic?.onRouted(overlapBlocks, blocks);
    }
    const station = this.context.board.of("prefill", member) as Station<PrefillWorker>;
    this.sourceOf.set(request, station);
    this.context.board.touch(station, nowNs);
    this.context.observers.loads?.visit("prefill", member, nowNs);
    member.worker.enqueue(request, nowNs);
  }
}
