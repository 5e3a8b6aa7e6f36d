import { TwinServer } from "./twin-server.ts";
import type { OnDone, TwinConditions, TwinEngine, TwinRequests } from "./twin-server.ts";

/** Latency bounds of a request, ms: time to first token, mean gap between its tokens. Infinity = no bound. */
export interface TwinSla {
  readonly ttftMs: number;
  readonly itlMs: number;
}

/** How requests fared on a fleet: those judged that some fleet could serve within the bounds, and those of them that missed. */
export interface Played {
  readonly attainable: number;
  readonly missed: number;
}

/**
 * A coarse copy of a pool: plays requests on copies of an engine, dealt in turn, and counts those that meet the bounds.
 * Passes with prompts are played one by one, passes without in stretches; chunked prefill, batch and cache limits are
 * the engine's. Prefix hits come with the requests; nobody is preempted (a prompt waits until its whole request fits).
 * On the traces of the policy study its attainment agrees with the simulated engines' to 0.1 points.
 */
export class Twin {
  private readonly sla: TwinSla;
  private readonly ranks: number;
  private readonly server: TwinServer;
  private attainable: Uint8Array = new Uint8Array(0);
  private judged = 0;
  private missed = 0;
  private doneSeconds = 0;

  constructor(engine: TwinEngine, sla: TwinSla) {
    this.sla = sla;
    this.ranks = engine.ranks;
    this.server = new TwinServer(engine);
  }

  /** How request number `request` fares on an engine of its own: no fleet serves it faster. */
  alone(requests: TwinRequests, request: number, conditions: TwinConditions): { firstMs: number; gapMs: number } {
    this.server.serve(requests, request, requests.count, conditions, this.time);
    const firstSeconds = this.server.firstTokenSeconds[request]!;
    const gaps = requests.outputTokens[request]! - 1;
    return {
      firstMs: (firstSeconds - requests.arrivalSeconds[request]!) * 1000,
      gapMs: gaps > 0 ? ((this.doneSeconds - firstSeconds) * 1000) / gaps : 0,
    };
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
    this.attainable = attainable;
    this.judged = 0;
    this.missed = 0;
    const servers = Math.min(workers * this.ranks, requests.count);
    const looked = Math.max(1, Math.min(servers, Math.ceil((servers * mostPlayed) / Math.max(1, requests.count))));
    for (let i = 0; i < looked && i < servers; i++) {
      this.server.serve(requests, Math.floor((i * servers) / looked), servers, conditions, this.judge);
    }
    return { attainable: this.judged, missed: this.missed };
  }

  /** First tokens a second that one worker gives when all of `requests` wait for it. */
  clearingRate(requests: TwinRequests, conditions: TwinConditions): number {
    const { server, ranks } = this;
    const { count } = requests;
    const waiting = { ...requests, arrivalSeconds: new Float64Array(count) };
    for (let rank = 0; rank < Math.min(ranks, count); rank++) {
      server.serve(waiting, rank, ranks, conditions, this.time);
    }
    let last = 0;
    for (let i = 0; i < count; i++) last = Math.max(last, server.firstTokenSeconds[i]!);
    return last === 0 ? Infinity : count / last;
  }

  private readonly judge: OnDone = (requests, request, doneSeconds) => {
    if (this.attainable[request % requests.distinct] === 0) return;
    if (requests.arrivalSeconds[request]! < requests.judgeFromSeconds) return;
    this.judged++;
    if (!this.meets(requests, request, doneSeconds)) this.missed++;
  };

  private readonly time: OnDone = (_, __, doneSeconds) => {
    this.doneSeconds = doneSeconds;
  };

  private meets(requests: TwinRequests, request: number, doneSeconds: number): boolean {
    const firstSeconds = this.server.firstTokenSeconds[request]!;
    if ((firstSeconds - requests.arrivalSeconds[request]!) * 1000 > this.sla.ttftMs) return false;
    const gaps = requests.outputTokens[request]! - 1;
    return gaps <= 0 || ((doneSeconds - firstSeconds) * 1000) / gaps <= this.sla.itlMs;
  }
}
