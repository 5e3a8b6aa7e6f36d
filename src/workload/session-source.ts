import type { Trace } from "../trace/trace.ts";
import type { ArrivalSource } from "./arrival-source.ts";
import { nearestOffer } from "./offer-grid.ts";
import { ReadyQueue } from "./ready-queue.ts";

/**
 * Sessions: a turn is offered when the turn before it has completed and its think time has passed. Open loop starts
 * sessions at their recorded times; closed loop keeps `concurrency` sessions in flight, depth first: a session holds
 * its slot through think time until its last turn ends (engine-reference §2.1-2.2). Requests without a session are
 * sessions of one turn. Offers due at one instant go in the order (session in file, turn).
 */
export class SessionSource implements ArrivalSource {
  readonly dependsOnCompletions = true;
  private readonly speedup: number;
  private readonly delayMs: Float64Array | null;
  private readonly sessionOf: Int32Array | null;
  /** Next turn of the same session, −1 = last; null = every session has one turn. */
  private readonly nextTurn: Int32Array | null = null;
  private readonly firstTurns: readonly number[] | null = null;
  private readonly sessionCount: number;
  private readonly ready = new ReadyQueue();
  private nextSession = 0;
  private left: number;

  constructor(trace: Trace, speedup: number, concurrency: number | null, offerNs = nearestOffer) {
    this.speedup = speedup;
    this.left = trace.count;
    const { sessions } = trace;
    this.delayMs = sessions?.delayMs ?? null;
    this.sessionOf = sessions?.sessionOf ?? null;
    this.sessionCount = trace.count;
    if (sessions !== null) {
      const { first, next } = linkTurns(sessions.sessionOf);
      this.firstTurns = first;
      this.nextTurn = next;
      this.sessionCount = first.length;
    }
    if (concurrency === null) {
      for (let session = 0; session < this.sessionCount; session++) {
        const request = this.firstTurnOf(session);
        this.ready.push(offerNs(trace.arrivalMs[request]! / speedup), session, request);
      }
      this.nextSession = this.sessionCount;
    } else {
      for (let slot = 0; slot < concurrency; slot++) this.startNextSession(0);
    }
  }

  get nextNs(): number {
    return this.ready.nextTime;
  }

  get remaining(): number {
    return this.left;
  }

  take(): number {
    this.left--;
    return this.ready.pop();
  }

  onTerminal(request: number, atNs: number, abandoned = false): void {
    let next = this.nextTurn === null ? -1 : this.nextTurn[request]!;
    if (abandoned) {
      for (; next >= 0; next = this.nextTurn![next]!) this.left--;
      this.startNextSession(atNs);
    } else if (next >= 0) {
      const delayNs = nearestOffer(this.delayMs![next]! / this.speedup);
      this.ready.push(atNs + delayNs, this.sessionOf![next]!, next);
    } else this.startNextSession(atNs);
  }

  private startNextSession(atNs: number): void {
    if (this.nextSession >= this.sessionCount) return;
    const session = this.nextSession++;
    this.ready.push(atNs, session, this.firstTurnOf(session));
  }

  private firstTurnOf(session: number): number {
    return this.firstTurns === null ? session : this.firstTurns[session]!;
  }
}

/** First request of every session, and after each request the next of its session (−1 = none). */
function linkTurns(sessionOf: Int32Array): { first: number[]; next: Int32Array } {
  const first: number[] = [];
  const last: number[] = [];
  const next = new Int32Array(sessionOf.length).fill(-1);
  for (let i = 0; i < sessionOf.length; i++) {
    const session = sessionOf[i]!;
    if (last[session] === undefined) first[session] = i;
    else next[last[session]] = i;
    last[session] = i;
  }
  return { first, next };
}
