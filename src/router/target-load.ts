import { ActiveBlocks } from "./active-blocks.ts";
import type { PromptIdentity } from "./prompt-identity.ts";

/** When a routed request stops being a load, ns; NaN = not known yet, which is later than any time asked about. */
export interface LoadTimes {
  /** Its prompt is computed: it holds no prefill any more. */
  prefillDoneNs(request: number): number;
  /** It has left the target. */
  leftNs(request: number): number;
}

/** What the router has sent to one target and not seen finished. */
export class TargetLoad {
  /** Prompt tokens still to be computed there, cached ones left out. */
  prefillTokens = 0;
  readonly blocks: ActiveBlocks;
  private readonly times: LoadTimes;
  private readonly blockSize: number;
  private readonly inputLength: Int32Array;
  /** Count every prompt's blocks by themselves, equal or not. */
  private readonly countRepeats: boolean;
  private readonly prefilling: number[] = [];
  private readonly prefillingTokens: number[] = [];
  private readonly active: number[] = [];
  private plainBlocks = 0;

  constructor(prompts: PromptIdentity, inputLength: Int32Array, times: LoadTimes, countRepeats: boolean) {
    this.blocks = new ActiveBlocks(prompts);
    this.blockSize = prompts.blockSize;
    this.inputLength = inputLength;
    this.times = times;
    this.countRepeats = countRepeats;
  }

  get activeRequests(): number {
    return this.active.length;
  }

  /** Full prompt blocks active there if the request joined. */
  potentialBlocks(request: number): number {
    const asked = this.fullBlocks(request);
    if (this.countRepeats) return this.plainBlocks + asked;
    return this.blocks.distinct + asked - this.blocks.leading(request, asked);
  }

  /** A request was sent there; `tokens` of its prompt are not cached. */
  add(request: number, tokens: number, tracksPrefill: boolean): void {
    this.active.push(request);
    if (this.countRepeats) this.plainBlocks += this.fullBlocks(request);
    else this.blocks.add(request, this.fullBlocks(request));
    if (!tracksPrefill) return;
    this.prefillTokens += tokens;
    this.prefilling.push(request);
    this.prefillingTokens.push(tokens);
  }

  /** Takes off everything that is over at `atNs`. */
  settle(atNs: number): void {
    const { prefilling, prefillingTokens, active, times } = this;
    let kept = 0;
    for (let i = 0; i < prefilling.length; i++) {
      const request = prefilling[i]!;
      if (times.prefillDoneNs(request) <= atNs || times.leftNs(request) <= atNs) {
        this.prefillTokens -= prefillingTokens[i]!;
        continue;
      }
      prefilling[kept] = request;
      prefillingTokens[kept++] = prefillingTokens[i]!;
    }
    prefilling.length = kept;
    prefillingTokens.length = kept;
    kept = 0;
    for (let i = 0; i < active.length; i++) {
      const request = active[i]!;
      if (times.leftNs(request) <= atNs) {
        if (this.countRepeats) this.plainBlocks -= this.fullBlocks(request);
        else this.blocks.remove(request, this.fullBlocks(request));
      } else active[kept++] = request;
    }
    active.length = kept;
  }

  /** The first known time after which something is over, or Infinity. */
  get nextReleaseNs(): number {
    let next = Infinity;
    for (const request of this.prefilling) {
      const doneNs = this.times.prefillDoneNs(request);
      const leftNs = this.times.leftNs(request);
      if (doneNs < next) next = doneNs;
      if (leftNs < next) next = leftNs;
    }
    return next;
  }

  private fullBlocks(request: number): number {
    return Math.floor(this.inputLength[request]! / this.blockSize);
  }
}
