import type { KvRouterSettings } from "./kv-router-settings.ts";
import type { PromptIdentity } from "./prompt-identity.ts";
import { RequestQueue, type QueuedRequest } from "./request-queue.ts";
import type { TargetChoice } from "./target-choice.ts";
import { TargetLoad, type LoadTimes } from "./target-load.ts";

/** A worker (or attention-DP rank) a request may be sent to. */
export interface RouterTarget {
  /** worker · dpSize + rank. */
  readonly id: number;
  /** Leading full blocks of the request's prompt its cache is known to hold. */
  overlapBlocks(request: number, atNs: number): number;
}

/** Which costs a pool has: prefill workers hold no decoding requests, decode workers compute no prompts. */
export type RouterRole = "aggregated" | "prefill" | "decode";

/** What one router serves. */
export interface KvRouterContext {
  readonly settings: KvRouterSettings;
  readonly role: RouterRole;
  readonly prompts: PromptIdentity;
  readonly inputLength: Int32Array;
  readonly times: LoadTimes;
  readonly choice: TargetChoice;
  /** Tokens a pass of a target may compute; the queue's threshold is a share of it. */
  readonly maxBatchedTokens: number;
  /** Seconds a request counts as older, and its strict priority; 0 without priorities. */
  readonly priority?: (request: number) => number;
  readonly strictPriority?: (request: number) => number;
}

/** Where a request goes. */
export interface Routing {
  readonly request: number;
  /** Index into the targets. */
  readonly target: number;
  readonly overlapBlocks: number;
}

/**
 * The KV-aware router of one pool (engine-reference §6, other-engines-findings §5). A target's cost is the prefill it
 * would have queued, less what its cache saves, plus the prompt blocks its requests would hold; the cheapest is chosen.
 * All workers must have been advanced to the time of a call.
 */
export class KvRouter {
  private readonly context: KvRouterContext;
  private readonly loads = new Map<number, TargetLoad>();
  private readonly queue: RequestQueue;

  constructor(context: KvRouterContext) {
    this.context = context;
    this.queue = new RequestQueue(context.settings.queuePolicy);
  }

  /** Requests held back. */
  get backlog(): number {
    return this.queue.length;
  }

  /** The first known time at which a held-back request may get its chance; only meaningful with a backlog. */
  get nextReleaseNs(): number {
    let next = Infinity;
    for (const load of this.loads.values()) next = Math.min(next, load.nextReleaseNs);
    return next;
  }

  /** Routes a request that arrives now, or holds it back (null). */
  route(request: number, atNs: number, targets: readonly RouterTarget[]): Routing | null {
    this.settle(atNs);
    const overlaps = this.overlaps(request, atNs, targets);
    if (this.queue.length > 0 || this.allBusy(targets)) {
      this.queue.push(this.queued(request, atNs, targets, overlaps));
      return null;
    }
    return this.send(request, targets, overlaps);
  }

  /** The next request that was held back and can go now, or null. */
  next(atNs: number, targets: readonly RouterTarget[]): Routing | null {
    if (this.queue.length === 0 || targets.length === 0) return null;
    this.settle(atNs);
    if (this.allBusy(targets)) return null;
    const { request, overlapBlocks } = this.queue.pop()!;
    const overlaps = targets.map(({ id }) => overlapBlocks.get(id) ?? 0);
    return this.send(request, targets, overlaps);
  }

  /** A target is gone; what was sent there no longer counts. */
  forget(id: number): void {
    this.loads.delete(id);
  }

  private overlaps(request: number, atNs: number, targets: readonly RouterTarget[]): number[] {
    if (this.context.role === "decode" || this.context.settings.overlapScoreCredit === 0) {
      return targets.map(() => 0);
    }
    return targets.map((target) => target.overlapBlocks(request, atNs));
  }

  private settle(atNs: number): void {
    for (const load of this.loads.values()) load.settle(atNs);
  }

  /** Whether new requests must wait: every target has more prefill to do than the threshold allows. */
  private allBusy(targets: readonly RouterTarget[]): boolean {
    const { settings, maxBatchedTokens } = this.context;
    if (settings.queueThreshold === null || this.context.role === "decode") return false;
    const most = settings.queueThreshold * maxBatchedTokens;
    return targets.every(({ id }) => this.load(id).prefillTokens > most);
  }

  private queued(
    request: number,
    atNs: number,
    targets: readonly RouterTarget[],
    overlaps: readonly number[],
  ): QueuedRequest {
    const { prompts, inputLength, priority, strictPriority } = this.context;
    const cached = Math.max(0, ...overlaps) * prompts.blockSize;
    return {
      request,
      arrivalSeconds: atNs / 1e9,
      overlapBlocks: new Map(targets.map(({ id }, i) => [id, overlaps[i]!])),
      uncachedTokens: Math.max(0, inputLength[request]! - cached),
      priority: priority?.(request) ?? 0,
      strictPriority: strictPriority?.(request) ?? 0,
    };
  }

  private send(request: number, targets: readonly RouterTarget[], overlaps: readonly number[]): Routing {
    const { choice, prompts, inputLength, settings, role } = this.context;
    const ids = targets.map(({ id }) => id);
    const target = choice.choose(this.costs(request, ids, overlaps), ids, request);
    const overlapBlocks = overlaps[target]!;
    const input = inputLength[request]!;
    const uncached = input - Math.min(overlapBlocks * prompts.blockSize, input);
    this.load(ids[target]!).add(request, uncached, settings.trackPrefillTokens && role !== "decode");
    return { request, target, overlapBlocks };
  }

  /** Cost of every target, in blocks. */
  private costs(request: number, ids: readonly number[], overlaps: readonly number[]): number[] {
    const { settings, role, prompts, inputLength } = this.context;
    const loads = ids.map((id) => this.load(id));
    const least = Math.min(...loads.map((load) => load.prefillTokens));
    return loads.map((load, i) => {
      let cost = 0;
      if (role !== "decode") {
        const tokens = load.prefillTokens + inputLength[request]!;
        const excess = (load.prefillTokens - least) / Math.max(1, inputLength[request]!);
        const credit = settings.overlapScoreCredit / (1 + settings.overlapScoreCreditDecay * excess);
        cost = settings.prefillLoadScale * (tokens / prompts.blockSize - credit * overlaps[i]!);
      }
      if (role !== "prefill" && settings.trackActiveBlocks) cost += load.potentialBlocks(request);
      return cost + settings.decodeActiveRequestWeight * load.activeRequests;
    });
  }

  private load(id: number): TargetLoad {
    let load = this.loads.get(id);
    if (load === undefined) {
      const { prompts, inputLength, times, settings, role } = this.context;
      load = new TargetLoad(prompts, inputLength, times, role === "decode" || !settings.assumeKvReuse);
      this.loads.set(id, load);
    }
    return load;
  }
}
