import { ApproximateCaches } from "./approximate-caches.ts";
import type { KvRouterSettings } from "./kv-router-settings.ts";
import { LoadBook } from "./load-book.ts";
import { canWait, classOf, isBusy, poolIsBusy, type PolicyClass } from "./policy-profile.ts";
import { PolicyQueue } from "./policy-queue.ts";
import type { PrefillEstimate } from "./prefill-backlog.ts";
import { PrefixPath, type SharedPrefixes } from "./shared-prefixes.ts";
import type { TargetChoice } from "./target-choice.ts";
import { targetCost, type RouterRole, type TargetState } from "./target-cost.ts";
import type { LoadTimes, TargetLoad } from "./target-load.ts";

/** A worker (or attention-DP rank) a request may be sent to. */
export interface RouterTarget {
  /** worker · dpSize + rank. */
  readonly id: number;
  /** Passes its worker has started. */
  readonly passes: number;
  /** Leading full blocks of the request's prompt its cache is known to hold. */
  overlapBlocks(request: number, atNs: number): number;
}

/** What the trace says of a request for a router that holds requests back. */
export interface RequestPriority {
  /** Seconds it counts as older, 0 or more. */
  boostSeconds(request: number): number;
  /** Requests with a higher number go before all with a lower one. */
  strict(request: number): number;
  /** The policy class or family it asks for. */
  policyClass(request: number): string | null;
}

/** The pool one router serves, and what it may know of its requests and targets. */
export interface KvRouterContext {
  readonly settings: KvRouterSettings;
  readonly role: RouterRole;
  /** Tokens of a block. */
  readonly blockSize: number;
  readonly prefixes: SharedPrefixes;
  readonly inputLength: Int32Array;
  readonly times: LoadTimes;
  readonly choice: TargetChoice;
  /** Tokens a pass of a target may compute; the queue's threshold is a share of it. */
  readonly maxBatchedTokens: number;
  /** Null = no request has a priority. */
  readonly priorities: RequestPriority | null;
  /** Expected prefill times, for loads that fade; null = a prompt counts in full until it is computed. */
  readonly prefillEstimate: PrefillEstimate | null;
}

/** The target a request goes to, and the leading blocks of its prompt cached there. */
export interface Routing {
  readonly request: number;
  /** Index into the targets. */
  readonly target: number;
  readonly overlapBlocks: number;
}

/** Where a request would go, and what is there. */
export interface Prospect extends Routing {
  readonly prefillTokens: number;
  readonly activeBlocks: number;
}

/**
 * The KV-aware router of one pool (engine-reference §6, other-engines-findings §5): a request goes to the target with
 * the lowest cost. All workers must have been advanced to the time of a call.
 */
export class KvRouter {
  private readonly context: KvRouterContext;
  private readonly book: LoadBook;
  private readonly queue: PolicyQueue;
  private readonly path: PrefixPath;
  private readonly believed: ApproximateCaches | null;
  /** Whether caches are looked at: those of decode workers only where they may compute prompts. */
  private readonly looksAtCaches: boolean;
  /** One object for the state of one target after another. */
  private readonly state: TargetState = {
    prefillTokens: 0,
    leastPrefillTokens: 0,
    overlapBlocks: 0,
    activeBlocks: 0,
    activeRequests: 0,
  };
  /** Something has ended or the targets have changed: those that wait may get their turn. */
  private chance = false;
  /** The targets of the last call, and by their order: ids, loads, cached blocks and costs for the request asked about. */
  private targets: readonly RouterTarget[] = [];
  private ids: number[] = [];
  private loads: TargetLoad[] = [];
  private overlaps: number[] = [];
  private readonly costs: number[] = [];

  constructor(context: KvRouterContext) {
    const { settings, prefixes, role } = context;
    this.context = context;
    this.book = new LoadBook({ ...context, fades: context.prefillEstimate !== null });
    this.queue = new PolicyQueue(settings.policy.classes);
    this.path = new PrefixPath(prefixes);
    this.looksAtCaches = role !== "decode" || settings.conditionalDisaggregation !== null;
    this.believed =
      settings.approximateCacheNs === null ? null : new ApproximateCaches(prefixes, settings.approximateCacheNs);
  }

  /** Requests held back. */
  get backlog(): number {
    return this.queue.length;
  }

  /** What is sent and has not left. */
  get load(): LoadBook["totals"] {
    return this.book.totals;
  }

  /** The first known time at which a held-back request may get its chance; only meaningful with a backlog. */
  get nextReleaseNs(): number {
    this.lookAround();
    return this.book.nextReleaseNs;
  }

  /** Routes a request that arrives now, holds it back ("held") or refuses it because too many wait ("refused"). */
  route(request: number, atNs: number, targets: readonly RouterTarget[]): Routing | "held" | "refused" {
    const most = this.consider(request, atNs, targets);
    const { settings, priorities, inputLength, blockSize } = this.context;
    const { policy } = settings;
    const input = inputLength[request]!;
    const cachedTokens = Math.min(most * blockSize, input);
    const asked = priorities === null ? null : priorities.policyClass(request);
    const classIndex = policy.classes.length === 1 ? 0 : classOf(policy, asked, input - cachedTokens);
    const policyClass = policy.classes[classIndex]!;
    if (!canWait(policyClass) || (this.queue.waiting(classIndex) === 0 && !this.mustWait(policyClass, atNs))) {
      return this.send(request, atNs);
    }
    const queued = {
      request,
      arrivalNs: atNs,
      overlapBlocks: [...this.overlaps],
      targetIds: this.ids,
      promptTokens: input,
      cachedTokens,
      priority: priorities === null ? 0 : priorities.boostSeconds(request),
      strictPriority: priorities === null ? 0 : priorities.strict(request),
    };
    return this.queue.push(classIndex, queued, targets.length) ? "held" : "refused";
  }

  /** The next request that was held back and can go now, or null. */
  next(atNs: number, targets: readonly RouterTarget[]): Routing | null {
    if (this.queue.length === 0 || targets.length === 0) return null;
    this.face(targets);
    this.lookAround();
    for (;;) {
      const queued = this.chance ? this.queue.pop((policyClass) => !this.mustWait(policyClass, atNs)) : null;
      this.chance = queued !== null;
      if (queued !== null) {
        const { request, targetIds, overlapBlocks } = queued;
        const known = targetIds === this.ids;
        for (const [i, id] of this.ids.entries()) {
          this.overlaps[i] = known ? overlapBlocks[i]! : (overlapBlocks[targetIds.indexOf(id)] ?? 0);
        }
        this.path.follow(request);
        return this.send(request, atNs);
      }
      // Every end of a prefill and every request that leaves gives those that wait a chance of their own.
      if (this.book.nextReleaseNs > atNs) return null;
      this.release();
    }
  }

  /** Where a request would go if it were sent now: the first of the cheapest targets. Nothing is sent. */
  prospect(request: number, atNs: number, targets: readonly RouterTarget[]): Prospect {
    this.consider(request, atNs, targets);
    this.fillCosts(request, atNs);
    let target = 0;
    for (let i = 1; i < targets.length; i++) if (this.costs[i]! < this.costs[target]!) target = i;
    const load = this.loads[target]!;
    return {
      request,
      target,
      overlapBlocks: this.overlaps[target]!,
      prefillTokens: load.prefill.tokensAt(atNs),
      activeBlocks: load.activeBlocks,
    };
  }

  /** Sends a request where `prospect` has just said it would go. */
  accept({ request, target }: Prospect, atNs: number): Routing {
    return this.sendTo(request, target, atNs);
  }

  /** Requests have left the workers, at times that may lie ahead. */
  onLeft(requests: readonly number[]): void {
    this.book.onLeft(requests);
  }

  /** A request was taken out at `atNs`: it no longer waits, and what was sent of it no longer counts. */
  withdraw(request: number, atNs: number): void {
    if (!this.queue.remove(request)) this.book.withdraw(request, atNs);
  }

  /** A target is gone; what was sent there no longer counts. */
  forget(id: number): void {
    this.book.forget(id);
    this.believed?.forget(id);
  }

  /** Turns to a request at a time: settles what is over, finds what caches hold of its prompt; answers the most. */
  private consider(request: number, atNs: number, targets: readonly RouterTarget[]): number {
    this.face(targets);
    this.lookAround();
    while (this.book.nextReleaseNs <= atNs) this.release();
    this.path.follow(request);
    if (!this.looksAtCaches) return 0;
    const { overlaps, believed, path } = this;
    let most = 0;
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i]!;
      const overlap =
        believed === null ? target.overlapBlocks(request, atNs) : believed.overlapBlocks(target.id, path, atNs);
      overlaps[i] = overlap;
      if (overlap > most) most = overlap;
    }
    return most;
  }

  /** Turns to the targets of a call. */
  private face(targets: readonly RouterTarget[]): void {
    if (targets === this.targets) return;
    this.targets = targets;
    this.chance = true;
    this.ids = targets.map(({ id }) => id);
    this.loads = this.ids.map((id) => this.book.of(id));
    this.overlaps = this.ids.map(() => 0);
    this.costs.length = targets.length;
  }

  /** Looks at the targets for prompts that have been computed. */
  private lookAround(): void {
    const { targets, loads } = this;
    for (let i = 0; i < targets.length; i++) this.book.look(loads[i]!, targets[i]!.passes);
  }

  private release(): void {
    if (this.book.release()) this.chance = true;
  }

  private mustWait(policyClass: PolicyClass, atNs: number): boolean {
    const { loads, context } = this;
    let busy = 0;
    for (const load of loads) {
      if (isBusy(policyClass, load.prefill.tokensAt(atNs), context.maxBatchedTokens)) busy++;
    }
    return poolIsBusy(policyClass, busy, loads.length);
  }

  /** Sends a request to the target its costs and the choice among them say. */
  private send(request: number, atNs: number): Routing {
    this.fillCosts(request, atNs);
    return this.sendTo(request, this.context.choice.choose(this.costs, this.ids, request), atNs);
  }

  private sendTo(request: number, target: number, atNs: number): Routing {
    const { context, path } = this;
    const { settings, role, prefillEstimate } = context;
    const overlapBlocks = this.overlaps[target]!;
    const input = context.inputLength[request]!;
    const cached = Math.min(overlapBlocks * context.blockSize, input);
    const tracked = settings.trackPrefillTokens && role !== "decode" ? input - cached : 0;
    const expectedNs = tracked === 0 || prefillEstimate === null ? 0 : prefillEstimate(tracked, cached);
    this.book.add(request, this.loads[target]!, path, tracked, expectedNs, atNs);
    this.believed?.add(this.ids[target]!, path, atNs);
    return { request, target, overlapBlocks };
  }

  /** The costs of all targets for the request considered, in blocks. */
  private fillCosts(request: number, atNs: number): void {
    const { context, costs, loads, overlaps, path, state } = this;
    const { settings, role, blockSize } = context;
    const input = context.inputLength[request]!;
    const fullBlocks = Math.floor(input / blockSize);
    state.leastPrefillTokens = 0;
    if (settings.overlapScoreCreditDecay > 0) {
      state.leastPrefillTokens = Infinity;
      for (const { prefill } of loads)
        state.leastPrefillTokens = Math.min(state.leastPrefillTokens, prefill.tokensAt(atNs));
    }
    for (let i = 0; i < loads.length; i++) {
      const load = loads[i]!;
      state.prefillTokens = load.prefill.tokensAt(atNs);
      state.overlapBlocks = overlaps[i]!;
      state.activeBlocks = load.blocksWith(path, fullBlocks);
      state.activeRequests = load.activeRequests;
      costs[i] = targetCost(settings, role, input, blockSize, state);
    }
  }
}
