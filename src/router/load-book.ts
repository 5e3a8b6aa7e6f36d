import type { KvRouterSettings } from "./kv-router-settings.ts";
import { PrefillBacklog } from "./prefill-backlog.ts";
import { ReleaseQueue, type Release } from "./release-queue.ts";
import { PrefixPath, type SharedPrefixes } from "./shared-prefixes.ts";
import type { RouterRole } from "./target-cost.ts";
import { TargetLoad, type LoadTimes } from "./target-load.ts";

/** What a book of loads is kept for. */
export interface LoadBookContext {
  readonly settings: KvRouterSettings;
  readonly role: RouterRole;
  readonly blockSize: number;
  readonly prefixes: SharedPrefixes;
  readonly inputLength: Int32Array;
  readonly times: LoadTimes;
  /** Loads fade as prompts are expected to be computed. */
  readonly fades: boolean;
}

/** A request that was sent and has not left. */
interface Sent {
  readonly load: TargetLoad;
  readonly sequence: number;
  /** Prompt tokens still counted as prefill. */
  prefillTokens: number;
}

/**
 * What a router has sent to its targets and not seen finished. Loads are kept up to date by the requests that come and
 * go, never summed anew.
 */
export class LoadBook {
  private readonly context: LoadBookContext;
  private readonly loads = new Map<number, TargetLoad>();
  private readonly sent = new Map<number, Sent>();
  private readonly releases = new ReleaseQueue();
  private readonly path: PrefixPath;
  private sequence = 0;

  constructor(context: LoadBookContext) {
    this.context = context;
    this.path = new PrefixPath(context.prefixes);
  }

  /** Requests sent that have not left, and what they amount to over all targets; all 0 at the end of a run. */
  get totals(): { readonly requests: number; readonly prefillTokens: number; readonly blocks: number } {
    const loads = [...this.loads.values()];
    return {
      requests: this.sent.size,
      prefillTokens: loads.reduce((sum, load) => sum + load.prefill.tokens, 0),
      blocks: loads.reduce((sum, load) => sum + load.activeBlocks, 0),
    };
  }

  /** The load of a target, made when it is asked for first. */
  of(id: number): TargetLoad {
    let load = this.loads.get(id);
    if (load === undefined) {
      const { prefixes, settings, role, fades } = this.context;
      const countRepeats = role === "decode" || !settings.assumeKvReuse;
      load = new TargetLoad(id, countRepeats ? null : prefixes, new PrefillBacklog(fades));
      this.loads.set(id, load);
    }
    return load;
  }

  /**
   * A request was sent to a target.
   * @param path of its prompt
   * @param prefillTokens of its prompt to be computed there that count as load
   * @param expectedNs time they are expected to take, for loads that fade
   */
  add(
    request: number,
    load: TargetLoad,
    path: PrefixPath,
    prefillTokens: number,
    expectedNs: number,
    atNs: number,
  ): void {
    load.add(path, this.fullBlocks(request));
    this.sent.set(request, { load, sequence: this.sequence++, prefillTokens });
    if (prefillTokens === 0) return;
    load.prefill.add(request, prefillTokens, expectedNs, atNs);
    load.prefilling.push(request);
  }

  /** Requests have left, at times that may lie ahead. */
  onLeft(requests: readonly number[]): void {
    for (const request of requests) {
      const sent = this.sent.get(request);
      const leftNs = this.context.times.leftNs(request);
      if (sent !== undefined && !Number.isNaN(leftNs)) this.plan(request, sent, "left", leftNs);
    }
  }

  /** A request was taken out at `atNs`. */
  withdraw(request: number, atNs: number): void {
    const sent = this.sent.get(request);
    if (sent !== undefined) this.plan(request, sent, "left", atNs);
  }

  /** A target is gone; what was sent there no longer counts. */
  forget(id: number): void {
    const load = this.loads.get(id);
    this.loads.delete(id);
    for (const [request, sent] of this.sent) if (sent.load === load) this.sent.delete(request);
  }

  /** Looks which prompts have been computed, if the worker of a target has started passes since it was looked at last. */
  look(load: TargetLoad, passes: number): void {
    if (load.passesSeen === passes) return;
    load.passesSeen = passes;
    const { prefilling } = load;
    let kept = 0;
    for (let i = 0; i < prefilling.length; i++) {
      const request = prefilling[i]!;
      const sent = this.sent.get(request);
      if (sent === undefined) continue;
      const doneNs = this.context.times.prefillDoneNs(request);
      if (Number.isNaN(doneNs)) prefilling[kept++] = request;
      else this.plan(request, sent, "prefill", doneNs);
    }
    if (kept < prefilling.length) prefilling.length = kept;
  }

  /** Time of the first known end of a load, Infinity = none is known. */
  get nextReleaseNs(): number {
    return this.releases.nextNs;
  }

  /** Takes the first known end of a load off; whether it changed anything. */
  release(): boolean {
    const { request, kind, atNs, sequence } = this.releases.pop();
    const sent = this.sent.get(request);
    // A request that was sent again has a sequence of its own.
    if (sent === undefined || sent.sequence !== sequence) return false;
    const { load, prefillTokens } = sent;
    if (prefillTokens > 0) {
      load.prefill.remove(request, prefillTokens, atNs);
      sent.prefillTokens = 0;
    }
    if (kind === "prefill") return true;
    this.sent.delete(request);
    this.path.follow(request);
    load.remove(this.path, this.fullBlocks(request));
    return true;
  }

  private fullBlocks(request: number): number {
    return Math.floor(this.context.inputLength[request]! / this.context.blockSize);
  }

  private plan(request: number, { load, sequence }: Sent, kind: Release["kind"], atNs: number): void {
    this.releases.push({ atNs, request, sequence, target: load.id, kind });
  }
}
