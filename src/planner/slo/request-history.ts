import type { RequestWindow } from "../planner.ts";
import type { TwinRequests } from "./twin.ts";

/** Answers looked at for what a request still under way may turn out to be. */
const recentAnswers = 512;

/** Shorter traffic is played again. */
const leastPlaySeconds = 90;
/** Time in which engines fill that were empty. */
const warmUpSeconds = 30;

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
  /** Requests of every second, from second 0 on, however long ago. */
  private readonly perSecond: number[] = [];
  /** Ids of requests under way and their places, counted from the first request ever seen. */
  private readonly underWay = new Map<number, number>();
  private dropped = 0;
  /** Cached share and answer length of completed requests, a ring. */
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
      const second = Math.floor(arrivalSeconds);
      while (this.perSecond.length <= second) this.perSecond.push(0);
      this.perSecond[second]!++;
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

  /** Arrival of the first request, to the second, or Infinity. */
  get sinceSeconds(): number {
    const first = this.perSecond.findIndex((requests) => requests > 0);
    return first < 0 ? Infinity : first;
  }

  /** Requests that arrived from one whole second to another, however long ago. */
  arrivals(fromSeconds: number, toSeconds: number): number {
    let requests = 0;
    const end = Math.min(this.perSecond.length, Math.round(toSeconds));
    for (let second = Math.max(0, Math.round(fromSeconds)); second < end; second++) requests += this.perSecond[second]!;
    return requests;
  }

  /** Requests kept that arrived in [fromSeconds, toSeconds). */
  requestsBetween(fromSeconds: number, toSeconds: number): number {
    return this.firstFrom(toSeconds) - this.firstFrom(fromSeconds);
  }

  /**
   * The requests from `fromSeconds` to `toSeconds`, times from 0 and `growth` times as dense, again and again until they
   * last long enough to tell a queue that grows from one that does not; then the first of it is not judged. What is not
   * known of requests under way is taken from the latest answers in turn.
   */
  replay(span: { fromSeconds: number; toSeconds: number }, growth: number): TwinRequests {
    const from = this.firstFrom(span.fromSeconds);
    const distinct = this.firstFrom(span.toSeconds) - from;
    const seconds = (span.toSeconds - span.fromSeconds) / growth;
    const rounds = seconds > 0 ? Math.max(1, Math.ceil(leastPlaySeconds / seconds)) : 1;
    const count = rounds * distinct;
    const requests = {
      count,
      distinct,
      numbers: Float64Array.from({ length: distinct }, (_, i) => from + i + this.dropped),
      arrivalSeconds: new Float64Array(count),
      inputTokens: new Float64Array(count),
      cachedTokens: new Float64Array(count),
      outputTokens: new Float64Array(count),
      judgeFromSeconds: rounds > 1 ? warmUpSeconds : 0,
    };
    const known = Math.min(this.answered, recentAnswers);
    let turn = 0;
    for (let i = 0; i < count; i++) {
      const place = from + (i % distinct);
      const input = this.input[place]!;
      const answer = this.output[place]! < 0 && known > 0 ? this.latest[turn++ % known]! : null;
      const round = Math.floor(i / distinct);
      requests.arrivalSeconds[i] = (this.arrival[place]! - span.fromSeconds) / growth + round * seconds;
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
