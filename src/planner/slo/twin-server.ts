import type { PlannedPass } from "../policy.ts";
import { FinishHeap } from "./finish-heap.ts";

/** What of a worker's rank a twin knows. Limits are Infinity where the engine has none. */
export interface TwinEngine {
  /** How long a pass takes, ms. */
  readonly passMs: (pass: PlannedPass) => number;
  readonly maxSequences: number;
  readonly maxBatchedTokens: number;
  readonly kvCapacityTokens: number;
  /** Ranks of a worker that schedule on their own (attention data parallelism). */
  readonly ranks: number;
}

/** Requests to play, by arrival. */
export interface TwinRequests {
  readonly count: number;
  /** The first so many of them, played again and again: those that tell something new. */
  readonly distinct: number;
  /** Numbers of the distinct ones, by which they are known again in other plays. */
  readonly numbers: Float64Array;
  readonly arrivalSeconds: Float64Array;
  readonly inputTokens: Float64Array;
  /** Prompt tokens found in the cache. */
  readonly cachedTokens: Float64Array;
  readonly outputTokens: Float64Array;
  /** Requests that arrive before it are played and not judged. */
  readonly judgeFromSeconds: number;
}

/** How requests are served. */
export interface TwinConditions {
  /** Measured over modelled pass time. */
  readonly slowness: number;
  /** Tokens a decode pass gives a request (speculative decoding), at least 1. */
  readonly tokensPerPass: number;
}

/** Most decode passes priced at one context length. */
const passesAtOnePrice = 64;

/** Told of every request when it is done, s. */
export type OnDone = (requests: TwinRequests, request: number, nowSeconds: number) => void;

/**
 * A rank of a twin, which serves the requests dealt to it. Passes with prompts are played one by one, passes without in
 * stretches of one price.
 */
export class TwinServer {
  /** When the first token came, by request, s. */
  firstTokenSeconds = new Float64Array(0);
  private readonly engine: TwinEngine;
  private readonly running = new FinishHeap();
  private readonly pass = {
    prefillRequests: 0,
    prefillTokens: 0,
    prefillPrefixTokens: 0,
    decodeRequests: 0,
    decodeKvTokens: 0,
  };
  private now = 0;
  private passes = 0;
  /** The prompt whose turn it is. */
  private next = 0;
  /** How much of it is computed, tokens; 0 = not admitted yet. */
  private computed = 0;
  /** The first prompt that is not whole after the pass. */
  private partial = 0;
  private decoding = 0;
  /** Tokens the running decodes have in the cache. */
  private context = 0;
  /** Tokens all that are admitted will have there in the end. */
  private reserved = 0;

  constructor(engine: TwinEngine) {
    this.engine = engine;
  }

  /** Plays every `stride`-th request from `first` on. */
  serve(requests: TwinRequests, first: number, stride: number, conditions: TwinConditions, onDone: OnDone): void {
    this.begin(requests, first);
    while (this.next < requests.count || this.decoding > 0) {
      if (this.fillPass(requests, stride)) this.playPrompts(requests, stride, conditions, onDone);
      else if (this.decoding > 0) this.playDecodes(requests, conditions);
      else this.now = Math.max(this.now, requests.arrivalSeconds[this.next]!);
      this.finish(requests, conditions, onDone);
    }
  }

  private begin(requests: TwinRequests, first: number): void {
    if (this.firstTokenSeconds.length < requests.count) this.firstTokenSeconds = new Float64Array(requests.count * 2);
    this.running.clear();
    this.now = 0;
    this.passes = 0;
    this.next = first;
    this.computed = 0;
    this.decoding = 0;
    this.context = 0;
    this.reserved = 0;
  }

  /** Puts prompts into a pass: they fill what the running decodes leave of the token budget. False = none can go on. */
  private fillPass(requests: TwinRequests, stride: number): boolean {
    const { engine, now, pass, decoding } = this;
    const { count, arrivalSeconds, inputTokens } = requests;
    let budget = engine.maxBatchedTokens - decoding;
    let prompts = 0;
    let tokens = 0;
    let prefix = 0;
    let at = this.next;
    while (at < count && arrivalSeconds[at]! <= now && budget > 0 && decoding + prompts < engine.maxSequences) {
      if (this.computed === 0 && !this.admit(requests, at)) break;
      const input = inputTokens[at]!;
      const chunk = Math.min(budget, Math.max(1, input - this.computed));
      prompts++;
      tokens += chunk;
      prefix += this.computed;
      budget -= chunk;
      if (this.computed + chunk < input) {
        this.computed += chunk;
        break;
      }
      this.computed = 0;
      at += stride;
    }
    this.partial = at;
    pass.prefillRequests = prompts;
    pass.prefillTokens = tokens;
    pass.prefillPrefixTokens = prefix;
    return prompts > 0;
  }

  /** Whether a request has room in the cache to its end. */
  private admit({ inputTokens, cachedTokens, outputTokens }: TwinRequests, request: number): boolean {
    const input = inputTokens[request]!;
    const whole = input + outputTokens[request]!;
    if (this.reserved > 0 && this.reserved + whole > this.engine.kvCapacityTokens) return false;
    this.reserved += whole;
    this.computed = Math.min(cachedTokens[request]!, input - 1);
    return true;
  }

  /** Plays the filled pass: what is whole after it has its first token. */
  private playPrompts(requests: TwinRequests, stride: number, conditions: TwinConditions, onDone: OnDone): void {
    const { inputTokens, outputTokens } = requests;
    this.now += this.passSeconds(conditions);
    this.passes++;
    this.context += this.decoding;
    for (; this.next !== this.partial; this.next += stride) {
      const request = this.next;
      const output = outputTokens[request]!;
      this.firstTokenSeconds[request] = this.now;
      if (output <= 1) {
        this.reserved -= inputTokens[request]! + output;
        onDone(requests, request, this.now);
      } else {
        this.running.push(this.passes + decodePasses(output, conditions), request);
        this.decoding++;
        this.context += inputTokens[request]! + 1;
      }
    }
  }

  /** Plays passes without prompts until a decode finishes, a request comes that has a place, or their price is out of date. */
  private playDecodes({ count, arrivalSeconds }: TwinRequests, conditions: TwinConditions): void {
    const { next, now, decoding } = this;
    const price = Math.max(1e-9, this.passSeconds(conditions));
    const waits = next < count && arrivalSeconds[next]! > now && decoding < this.engine.maxSequences;
    const untilArrival = waits ? Math.ceil((arrivalSeconds[next]! - now) / price) : Infinity;
    const stretch = Math.max(1, Math.min(this.running.firstPass - this.passes, untilArrival, passesAtOnePrice));
    this.now += stretch * price;
    this.passes += stretch;
    this.context += stretch * decoding * conditions.tokensPerPass;
  }

  /** How long the pass takes with the decodes that run. */
  private passSeconds({ slowness }: TwinConditions): number {
    this.pass.decodeRequests = this.decoding;
    this.pass.decodeKvTokens = this.context;
    return this.engine.passMs(this.pass) * (slowness / 1000);
  }

  /** Lets go of the decodes that have ended. */
  private finish(requests: TwinRequests, conditions: TwinConditions, onDone: OnDone): void {
    const { running } = this;
    const { inputTokens, outputTokens } = requests;
    while (running.size > 0 && running.firstPass <= this.passes) {
      const request = running.pop();
      const output = outputTokens[request]!;
      this.decoding--;
      this.context -= inputTokens[request]! + 1 + decodePasses(output, conditions) * conditions.tokensPerPass;
      this.reserved -= inputTokens[request]! + output;
      onDone(requests, request, this.now);
    }
    if (this.decoding === 0) this.context = 0;
  }
}

/** Passes that give a request the tokens after its first. */
function decodePasses(outputTokens: number, { tokensPerPass }: TwinConditions): number {
  return Math.ceil((outputTokens - 1) / tokensPerPass);
}
