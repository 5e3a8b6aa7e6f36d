import type { KvRouterSettings } from "./kv-router-settings.ts";
import { canWait, classOf, isBusy, poolIsBusy, type PolicyClass } from "./policy-profile.ts";
import { PolicyQueue } from "./policy-queue.ts";
import { PrefillBacklog, type PrefillEstimate } from "./prefill-backlog.ts";
import { ReleaseQueue, type Release } from "./release-queue.ts";
import { PrefixPath, type SharedPrefixes } from "./shared-prefixes.ts";
import type { TargetChoice } from "./target-choice.ts";
import { targetCost, type RouterRole, type TargetState } from "./target-cost.ts";
import { TargetLoad, type LoadTimes } from "./target-load.ts";

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
  /** Seconds it counts as older. */
  boostSeconds(request: number): number;
  /** Requests with a higher number go before all with a lower one. */
  strict(request: number): number;
  /** The policy class or family it asks for. */
  policyClass(request: number): string | null;
}

/** What one router serves. */
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

/** Where a request goes. */
export interface Routing {
  readonly request: number;
  /** Index into the targets. */
  readonly target: number;
  readonly overlapBlocks: number;
}

/** A request that was sent and has not left. */
interface Sent {
  readonly load: TargetLoad;
  readonly sequence: number;
  /** Prompt tokens still counted as prefill. */
  prefillTokens: number;
}

/**
 * The KV-aware router of one pool (engine-reference §6, other-engines-findings §5): a request goes to the target with
 * the lowest cost. All workers must have been advanced to the time of a call.
 *
 * A target costs a few additions for each request: loads are kept up to date by the requests that come and go, never
 * summed anew.
 */
export class KvRouter {
  private readonly context: KvRouterContext;
  private readonly loads = new Map<number, TargetLoad>();
  private readonly sent = new Map<number, Sent>();
  private readonly releases = new ReleaseQueue();
  private readonly queue: PolicyQueue;
  private readonly path: PrefixPath;
  /** One object for the state of one target after another. */
  private readonly state: TargetState = {
    prefillTokens: 0,
    leastPrefillTokens: 0,
    overlapBlocks: 0,
    activeBlocks: 0,
    activeRequests: 0,
  };
  private sequence = 0;
  /** Something has ended or the targets have changed: those that wait may get their turn. */
  private chance = false;
  /** The targets of the last call, and by their order: ids, loads, cached blocks and costs for the request asked about. */
  private targets: readonly RouterTarget[] = [];
  private ids: number[] = [];
  private active: TargetLoad[] = [];
  private overlaps: number[] = [];
  private readonly costs: number[] = [];

  constructor(context: KvRouterContext) {
    this.context = context;
    this.queue = new PolicyQueue(context.settings.policy.classes);
    this.path = new PrefixPath(context.prefixes);
  }

  /** Requests held back. */
  get backlog(): number {
    return this.queue.length;
  }

  /** Requests sent that have not left, and what they amount to over all targets; all 0 at the end of a run. */
  get load(): { readonly requests: number; readonly prefillTokens: number; readonly blocks: number } {
    const loads = [...this.loads.values()];
    return {
      requests: this.sent.size,
      prefillTokens: loads.reduce((sum, load) => sum + load.prefill.tokens, 0),
      blocks: loads.reduce((sum, load) => sum + load.activeBlocks, 0),
    };
  }

  /** The first known time at which a held-back request may get its chance; only meaningful with a backlog. */
  get nextReleaseNs(): number {
    this.findReleases();
    return this.releases.nextNs;
  }

  /** Routes a request that arrives now, holds it back ("held") or refuses it because too many wait ("refused"). */
  route(request: number, atNs: number, targets: readonly RouterTarget[]): Routing | "held" | "refused" {
    this.face(targets);
    this.settle(atNs);
    const { settings, priorities } = this.context;
    const { policy } = settings;
    const most = this.lookForOverlaps(request, atNs);
    const input = this.context.inputLength[request]!;
    const cachedTokens = Math.min(most * this.context.blockSize, input);
    const asked = priorities === null ? null : priorities.policyClass(request);
    const classIndex = policy.classes.length === 1 ? 0 : classOf(policy, asked, input - cachedTokens);
    const policyClass = policy.classes[classIndex]!;
    if (canWait(policyClass) && (this.queue.waiting(classIndex) > 0 || this.mustWait(policyClass, atNs))) {
      const queued = {
        request,
        arrivalNs: atNs,
        overlapBlocks: [...this.overlaps],
        targetIds: this.ids,
        promptTokens: input,
        cachedTokens,
        priority: priorities === null ? 0 : Math.max(0, priorities.boostSeconds(request)),
        strictPriority: priorities === null ? 0 : priorities.strict(request),
      };
      return this.queue.push(classIndex, queued, targets.length) ? "held" : "refused";
    }
    return this.send(request, atNs);
  }

  /** The next request that was held back and can go now, or null. */
  next(atNs: number, targets: readonly RouterTarget[]): Routing | null {
    if (this.queue.length === 0 || targets.length === 0) return null;
    this.face(targets);
    this.findReleases();
    for (;;) {
      const queued = this.chance ? this.queue.pop((policyClass) => !this.mustWait(policyClass, atNs)) : null;
      this.chance = queued !== null;
      if (queued !== null) {
        const { targetIds, overlapBlocks } = queued;
        const known = targetIds === this.ids;
        for (const [i, id] of this.ids.entries()) {
          this.overlaps[i] = known ? overlapBlocks[i]! : (overlapBlocks[targetIds.indexOf(id)] ?? 0);
        }
        return this.send(queued.request, atNs);
      }
      // Every end of a prefill and every request that leaves gives those that wait a chance of their own.
      if (this.releases.nextNs > atNs) return null;
      this.release(this.releases.pop());
    }
  }

  /** Requests have left the workers, at times that may lie ahead. */
  onLeft(requests: readonly number[]): void {
    for (const request of requests) {
      const sent = this.sent.get(request);
      if (sent !== undefined) this.plan(request, sent, "left", this.context.times.leftNs(request));
    }
  }

  /** A target is gone; what was sent there no longer counts. */
  forget(id: number): void {
    const load = this.loads.get(id);
    this.loads.delete(id);
    for (const [request, sent] of this.sent) if (sent.load === load) this.sent.delete(request);
  }

  /** Turns to the targets of a call. */
  private face(targets: readonly RouterTarget[]): void {
    if (targets === this.targets) return;
    this.targets = targets;
    this.chance = true;
    this.ids = targets.map(({ id }) => id);
    this.active = this.ids.map((id) => this.loadOf(id));
    this.overlaps = this.ids.map(() => 0);
    this.costs.length = targets.length;
  }

  private loadOf(id: number): TargetLoad {
    let load = this.loads.get(id);
    if (load === undefined) {
      const { prefixes, settings, role, prefillEstimate } = this.context;
      const countRepeats = role === "decode" || !settings.assumeKvReuse;
      load = new TargetLoad(id, countRepeats ? null : prefixes, new PrefillBacklog(prefillEstimate !== null));
      this.loads.set(id, load);
    }
    return load;
  }

  /** Cached blocks of a prompt on every target; answers the most. Decode workers publish no caches. */
  private lookForOverlaps(request: number, atNs: number): number {
    const { overlaps, targets } = this;
    let most = 0;
    if (this.context.role === "decode") return most;
    for (let i = 0; i < targets.length; i++) {
      const overlap = targets[i]!.overlapBlocks(request, atNs);
      overlaps[i] = overlap;
      if (overlap > most) most = overlap;
    }
    return most;
  }

  private mustWait(policyClass: PolicyClass, atNs: number): boolean {
    const { active, context } = this;
    let busy = 0;
    for (const load of active) {
      if (isBusy(policyClass, load.prefill.tokensAt(atNs), context.maxBatchedTokens)) busy++;
    }
    return poolIsBusy(policyClass, busy, active.length);
  }

  /** Sends a request to the target its costs and the choice among them say. */
  private send(request: number, atNs: number): Routing {
    const { context, costs, active, overlaps, path } = this;
    const { choice, settings, role, blockSize } = context;
    const input = context.inputLength[request]!;
    const fullBlocks = Math.floor(input / blockSize);
    path.follow(request);
    this.fillCosts(input, fullBlocks, atNs);
    const target = choice.choose(costs, this.ids, request);
    const load = active[target]!;
    const overlapBlocks = overlaps[target]!;
    const cached = Math.min(overlapBlocks * blockSize, input);
    const tracked = settings.trackPrefillTokens && role !== "decode" ? input - cached : 0;
    load.add(path, fullBlocks);
    this.sent.set(request, { load, sequence: this.sequence++, prefillTokens: tracked });
    if (tracked > 0) {
      const expectedNs = context.prefillEstimate === null ? 0 : context.prefillEstimate(tracked, cached);
      load.prefill.add(request, tracked, expectedNs, atNs);
    }
    if (tracked > 0) load.prefilling.push(request);
    return { request, target, overlapBlocks };
  }

  /** The costs of all targets, in blocks. */
  private fillCosts(input: number, fullBlocks: number, atNs: number): void {
    const { context, costs, active, overlaps, path } = this;
    const { settings, role, blockSize } = context;
    let least = 0;
    if (settings.overlapScoreCreditDecay > 0) {
      least = Infinity;
      for (const load of active) least = Math.min(least, load.prefill.tokensAt(atNs));
    }
    const { state } = this;
    state.leastPrefillTokens = least;
    for (let i = 0; i < active.length; i++) {
      const load = active[i]!;
      state.prefillTokens = load.prefill.tokensAt(atNs);
      state.overlapBlocks = overlaps[i]!;
      state.activeBlocks = load.blocksWith(path, fullBlocks);
      state.activeRequests = load.activeRequests;
      costs[i] = targetCost(settings, role, input, blockSize, state);
    }
  }

  /** Takes off everything that is over at `atNs`. */
  private settle(atNs: number): void {
    this.findReleases();
    while (this.releases.nextNs <= atNs) this.release(this.releases.pop());
  }

  /** Looks where passes have been run which prompts they complete. */
  private findReleases(): void {
    const { targets, active } = this;
    for (let i = 0; i < targets.length; i++) {
      const load = active[i]!;
      const { passes } = targets[i]!;
      if (load.passesSeen === passes) continue;
      load.passesSeen = passes;
      if (load.prefilling.length > 0) this.findPrefilled(load);
    }
  }

  private findPrefilled(load: TargetLoad): void {
    const { prefilling } = load;
    const { times } = this.context;
    let kept = 0;
    for (let i = 0; i < prefilling.length; i++) {
      const request = prefilling[i]!;
      const sent = this.sent.get(request);
      if (sent === undefined) continue;
      const doneNs = times.prefillDoneNs(request);
      if (Number.isNaN(doneNs)) prefilling[kept++] = request;
      else this.plan(request, sent, "prefill", doneNs);
    }
    prefilling.length = kept;
  }

  private plan(request: number, { load, sequence }: Sent, kind: Release["kind"], atNs: number): void {
    this.releases.push({ atNs, request, sequence, target: load.id, kind });
  }

  private release({ request, kind, atNs, sequence }: Release): void {
    const sent = this.sent.get(request);
    // A request that was sent again has a sequence of its own.
    if (sent === undefined || sent.sequence !== sequence) return;
    this.chance = true;
    const { load, prefillTokens } = sent;
    if (prefillTokens > 0) {
      load.prefill.remove(request, prefillTokens, atNs);
      sent.prefillTokens = 0;
    }
    if (kind === "prefill") return;
    this.sent.delete(request);
    this.path.follow(request);
    load.remove(this.path, Math.floor(this.context.inputLength[request]! / this.context.blockSize));
  }
}
