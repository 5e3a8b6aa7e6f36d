import type { RequestWindow } from "../planner.ts";
import type { TwinRequests } from "./twin.ts";

/** Answers looked at for what a request still under way may turn out to be. */
const recentAnswers = 512;

/** Requests that wait already. */
export interface Backlog {
  readonly requests: number;
  /** Time they may take to be worked off. */
  readonly clearingSeconds: number;
}

/**
 * The latest requests, as a front end's log has them: prompts from their arrival on, answers and cache hits once
 * completed. Columns in order of arrival.
 */
export class RequestHistory {
  /** Requests kept. */
  count = 0;
  private readonly capacity: number;
  private arrival: Float64Array;
  private input: Float64Array;
  private cached: Float64Array;
  /** −1 = not completed. */
  private output: Float64Array;
  /** Ids of requests under way and their places, counted from the first request ever seen. */
  private readonly underWay = new Map<number, number>();
  private dropped = 0;
  /** Prompt length, cached share and answer length of completed requests, a ring. */
  private readonly latest: { cachedShare: number; output: number }[] = [];
  private answered = 0;

  /** @param capacity requests kept at least, when there were as many */
  constructor(capacity: number) {
    this.capacity = capacity;
    const column = () => new Float64Array(capacity * 2);
    this.arrival = column();
    this.input = column();
    this.cached = column();
    this.output = column();
  }

  /** Answers known so far. */
  get answers(): number {
    return this.answered;
  }

  take({ arrived, completed }: RequestWindow): void {
    for (const { id, arrivalSeconds, inputTokens } of arrived) {
      if (this.count === this.arrival.length) this.dropOldest();
      const place = this.count++;
      this.arrival[place] = arrivalSeconds;
      this.input[place] = inputTokens;
      this.cached[place] = 0;
      this.output[place] = -1;
      this.underWay.set(id, place + this.dropped);
    }
    for (const { id, outputTokens, cachedTokens } of completed) {
      const seen = this.underWay.get(id);
      if (seen === undefined) continue;
      this.underWay.delete(id);
      const place = seen - this.dropped;
      if (place < 0) continue;
      this.cached[place] = cachedTokens;
      this.output[place] = outputTokens;
      const cachedShare = cachedTokens / Math.max(1, this.input[place]!);
      this.latest[this.answered++ % recentAnswers] = { cachedShare, output: outputTokens };
    }
  }

  /** Arrival of the first request kept, or Infinity. */
  get sinceSeconds(): number {
    return this.count === 0 ? Infinity : this.arrival[0]!;
  }

  /** Requests that arrived in [fromSeconds, toSeconds). */
  requestsBetween(fromSeconds: number, toSeconds: number): number {
    return this.firstFrom(toSeconds) - this.firstFrom(fromSeconds);
  }

  /**
   * The requests from `fromSeconds` to `toSeconds`, times from 0 and `growth` times as dense, behind the `backlog`
   * newest ones, which arrive at once. Nobody is judged who arrives while the backlog may still be worked off; traffic
   * too short for that is played again. What is not known of requests under way is taken from the latest answers in turn.
   */
  replay(span: { fromSeconds: number; toSeconds: number }, growth: number, backlog: Backlog): TwinRequests {
    const from = this.firstFrom(span.fromSeconds);
    const since = this.count - from;
    const ahead = Math.min(backlog.requests, this.count);
    const seconds = (span.toSeconds - span.fromSeconds) / growth;
    const rounds = ahead === 0 || since === 0 ? 1 : Math.max(1, Math.ceil((2 * backlog.clearingSeconds) / seconds));
    const count = ahead + rounds * since;
    const requests = {
      count,
      arrivalSeconds: new Float64Array(count),
      inputTokens: new Float64Array(count),
      cachedTokens: new Float64Array(count),
      outputTokens: new Float64Array(count),
      judgeFromSeconds: ahead === 0 ? 0 : Math.max(Number.MIN_VALUE, backlog.clearingSeconds),
    };
    const known = Math.min(this.answered, recentAnswers);
    let turn = 0;
    for (let i = 0; i < count; i++) {
      const later = i - ahead;
      const place = later < 0 ? this.count + later : from + (later % since);
      const input = this.input[place]!;
      const answer = this.output[place]! < 0 && known > 0 ? this.latest[turn++ % known]! : null;
      requests.arrivalSeconds[i] =
        later < 0
          ? 0
          : Math.max(Number.MIN_VALUE, (this.arrival[place]! - span.fromSeconds) / growth) +
            Math.floor(later / since) * seconds;
      requests.inputTokens[i] = input;
      requests.cachedTokens[i] = answer === null ? this.cached[place]! : Math.floor(answer.cachedShare * input);
      requests.outputTokens[i] = answer === null ? Math.max(1, this.output[place]!) : answer.output;
    }
    return requests;
  }

  /** Arrival of the request `back` places before the newest; the oldest kept when there are fewer. */
  arrivalBack(back: number): number {
    return this.arrival[Math.max(0, this.count - 1 - back)]!;
  }

  private firstFrom(seconds: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.arrival[middle]! < seconds) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private dropOldest(): void {
    const drop = this.count - this.capacity;
    for (const column of [this.arrival, this.input, this.cached, this.output]) column.copyWithin(0, drop, this.count);
    this.count -= drop;
    this.dropped += drop;
  }
}
