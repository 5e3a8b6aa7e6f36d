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

/** Latency bounds of a request, ms: time to first token, mean gap between its tokens. Infinity = no bound. */
export interface TwinSla {
  readonly ttftMs: number;
  readonly itlMs: number;
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

/** How requests fared on a fleet: those judged that some fleet could serve within the bounds, and those of them that missed. */
export interface Played {
  readonly attainable: number;
  readonly missed: number;
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

/**
 * A coarse copy of a pool: plays requests on copies of an engine, dealt in turn, and counts those that meet the bounds.
 * Passes with prompts are played one by one, passes without in stretches; chunked prefill, batch and cache limits are
 * the engine's. Prefix hits come with the requests; nobody is preempted (a prompt waits until its whole request fits).
 * On the traces of the policy study its attainment agrees with the simulated engines' to 0.1 points.
 */
export class Twin {
  private readonly engine: TwinEngine;
  private readonly sla: TwinSla;
  private readonly heap = new FinishHeap();
  private firstToken = new Float64Array(0);
  private readonly pass = {
    prefillRequests: 0,
    prefillTokens: 0,
    prefillPrefixTokens: 0,
    decodeRequests: 0,
    decodeKvTokens: 0,
  };
  private attainable: Uint8Array = new Uint8Array(0);
  private judged = 0;
  private doneSeconds = 0;
  private missed = 0;
  private judge: (requests: TwinRequests, request: number, now: number) => void = this.count;

  constructor(engine: TwinEngine, sla: TwinSla) {
    this.engine = engine;
    this.sla = sla;
  }

  /** How request number `request` fares on an engine of its own: no fleet serves it faster. */
  alone(requests: TwinRequests, request: number, conditions: TwinConditions): { firstMs: number; gapMs: number } {
    this.begin(requests, this.attainable);
    this.judge = this.time;
    this.serve(requests, request, requests.count, conditions);
    const firstMs = (this.firstToken[request]! - requests.arrivalSeconds[request]!) * 1000;
    const gaps = requests.outputTokens[request]! - 1;
    return { firstMs, gapMs: gaps > 0 ? ((this.doneSeconds - this.firstToken[request]!) * 1000) / gaps : 0 };
  }

  /**
   * Plays requests on `workers` workers; of many requests, those of some of the workers, which fare like the others.
   * @param attainable by distinct request: 1 = some fleet could serve it within the bounds
   * @param mostPlayed about how many are played at most
   */
  play(
    requests: TwinRequests,
    attainable: Uint8Array,
    workers: number,
    conditions: TwinConditions,
    mostPlayed = Infinity,
  ): Played {
    this.begin(requests, attainable);
    this.judge = this.count;
    const servers = Math.min(workers * this.engine.ranks, requests.count);
    const looked = Math.max(1, Math.min(servers, Math.ceil((servers * mostPlayed) / Math.max(1, requests.count))));
    for (let i = 0; i < looked && i < servers; i++) {
      this.serve(requests, Math.floor((i * servers) / looked), servers, conditions);
    }
    return { attainable: this.judged, missed: this.missed };
  }

  private begin(requests: TwinRequests, attainable: Uint8Array): void {
    if (this.firstToken.length < requests.count) this.firstToken = new Float64Array(requests.count * 2);
    this.attainable = attainable;
    this.judged = 0;
    this.missed = 0;
  }

  /** First tokens a second that one worker gives when all of `requests` wait for it. */
  clearingRate(requests: TwinRequests, conditions: TwinConditions): number {
    const { count } = requests;
    this.begin(requests, new Uint8Array(requests.distinct));
    this.judge = this.count;
    const waiting = { ...requests, arrivalSeconds: new Float64Array(count) };
    const { ranks } = this.engine;
    let last = 0;
    for (let rank = 0; rank < Math.min(ranks, count); rank++) this.serve(waiting, rank, ranks, conditions);
    for (let i = 0; i < count; i++) last = Math.max(last, this.firstToken[i]!);
    return last === 0 ? Infinity : count / last;
  }

  /** Plays every `stride`-th request from `first` on, on one server. */
  private serve(requests: TwinRequests, first: number, stride: number, conditions: TwinConditions): void {
    const { engine, heap, pass, firstToken } = this;
    const { count, arrivalSeconds, inputTokens, cachedTokens, outputTokens } = requests;
    const { tokensPerPass } = conditions;
    const secondsPerMs = conditions.slowness / 1000;
    heap.clear();
    let now = 0;
    let passes = 0;
    // The prompt whose turn it is, and how much of it is computed (0 = not admitted yet).
    let next = first;
    let computed = 0;
    let decoding = 0;
    let context = 0;
    let reserved = 0;
    while (next < count || decoding > 0) {
      let prompts = 0;
      if (next < count && arrivalSeconds[next]! <= now && decoding < engine.maxSequences) {
        // A pass with prompts: they fill what the running decodes leave of the token budget.
        let budget = engine.maxBatchedTokens - decoding;
        let tokens = 0;
        let prefix = 0;
        let at = next;
        while (at < count && arrivalSeconds[at]! <= now && budget > 0 && decoding + prompts < engine.maxSequences) {
          const input = inputTokens[at]!;
          if (computed === 0) {
            const whole = input + outputTokens[at]!;
            if (reserved > 0 && reserved + whole > engine.kvCapacityTokens) break;
            reserved += whole;
            computed = Math.min(cachedTokens[at]!, input - 1);
          }
          const chunk = Math.min(budget, Math.max(1, input - computed));
          prompts++;
          tokens += chunk;
          prefix += computed;
          budget -= chunk;
          if (computed + chunk < input) {
            computed += chunk;
            break;
          }
          computed = 0;
          at += stride;
        }
        if (prompts > 0) {
          pass.prefillRequests = prompts;
          pass.prefillTokens = tokens;
          pass.prefillPrefixTokens = prefix;
          pass.decodeRequests = decoding;
          pass.decodeKvTokens = context;
          now += engine.passMs(pass) * secondsPerMs;
          passes++;
          context += decoding;
          for (; next !== at; next += stride) {
            const output = outputTokens[next]!;
            firstToken[next] = now;
            if (output <= 1) {
              reserved -= inputTokens[next]! + output;
              this.judge(requests, next, now);
            } else {
              heap.push(passes + Math.ceil((output - 1) / tokensPerPass), next);
              decoding++;
              context += inputTokens[next]! + 1;
            }
          }
        }
      }
      if (prompts === 0) {
        if (decoding === 0) {
          now = Math.max(now, arrivalSeconds[next]!);
          continue;
        }
        pass.prefillRequests = 0;
        pass.prefillTokens = 0;
        pass.prefillPrefixTokens = 0;
        pass.decodeRequests = decoding;
        pass.decodeKvTokens = context;
        const price = Math.max(1e-9, engine.passMs(pass) * secondsPerMs);
        const waits = next < count && arrivalSeconds[next]! > now && decoding < engine.maxSequences;
        const untilArrival = waits ? Math.ceil((arrivalSeconds[next]! - now) / price) : Infinity;
        const stretch = Math.max(1, Math.min(heap.firstPass - passes, untilArrival, passesAtOnePrice));
        now += stretch * price;
        passes += stretch;
        context += stretch * decoding * tokensPerPass;
      }
      while (heap.size > 0 && heap.firstPass <= passes) {
        const request = heap.pop();
        const output = outputTokens[request]!;
        decoding--;
        context -= inputTokens[request]! + 1 + Math.ceil((output - 1) / tokensPerPass) * tokensPerPass;
        reserved -= inputTokens[request]! + output;
        this.judge(requests, request, now);
      }
      if (decoding === 0) context = 0;
    }
  }

  private count(requests: TwinRequests, request: number, now: number): void {
    if (this.attainable[request % requests.distinct] === 0) return;
    if (requests.arrivalSeconds[request]! < requests.judgeFromSeconds) return;
    this.judged++;
    if (!this.meets(requests, request, now)) this.missed++;
  }

  private time(_: TwinRequests, __: number, now: number): void {
    this.doneSeconds = now;
  }

  private meets(requests: TwinRequests, request: number, now: number): boolean {
    const first = this.firstToken[request]!;
    if ((first - requests.arrivalSeconds[request]!) * 1000 > this.sla.ttftMs) return false;
    const gaps = requests.outputTokens[request]! - 1;
    return gaps <= 0 || ((now - first) * 1000) / gaps <= this.sla.itlMs;
  }
}
