import type { FrontEndGauges, RequestWindow } from "../planner.ts";
import { AnswerLengths } from "./answer-lengths.ts";
import { RequestSample } from "./request-sample.ts";

/** Answers, and requests, looked at for what a request still under way may turn out to be. */
const recentAnswers = 512;
const recentRequests = 1000;
/** Steps of it fall everywhere alike. */
const goldenRatio = 0.618033988749895;
/** No engine gives tokens faster, ms. */
const leastGapMs = 0.1;
/** Time in which borrowed requests are taken to have come at one rate. */
const borrowedSeconds = 60;

/** What a front end has under way. */
export type FrontEndState = Pick<FrontEndGauges, "inFlight" | "awaitingFirstToken" | "oldestAwaitingSeconds">;

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
  /** Completed requests, a ring. */
  private readonly latest: { cachedShare: number; ttftMs: number; itlMs: number }[] = [];
  private answered = 0;
  /** What was last taken in: until when, and what the front end had to do then. */
  private takenSeconds = 0;
  private gauges: FrontEndState = { inFlight: 0, awaitingFirstToken: 0, oldestAwaitingSeconds: 0 };
  /** What is known of answers; null = to be found out again. */
  private answersKnown: { readonly lengths: AnswerLengths; readonly soFar: Float64Array } | null = null;

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
  get answerCount(): number {
    return this.answered;
  }

  /** Takes in what the front end's log has of the time up to `nowSeconds`, and what it has under way then. */
  take({ arrived, completed }: RequestWindow, gauges: FrontEndState, nowSeconds: number): void {
    this.takenSeconds = nowSeconds;
    this.gauges = gauges;
    this.answersKnown = null;
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
    for (const { id, outputTokens, cachedTokens, ttftMs, itlMs } of completed) {
      const seen = this.underWay.get(id);
      if (seen === undefined) continue;
      this.underWay.delete(id);
      const place = seen - this.dropped;
      if (place < 0) continue;
      this.cached[place] = cachedTokens;
      this.output[place] = outputTokens;
      const cachedShare = cachedTokens / Math.max(1, this.input[place]!);
      this.latest[this.answered++ % recentAnswers] = { cachedShare, ttftMs, itlMs: itlMs ?? NaN };
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

  /**
   * The requests from `fromSeconds` to `toSeconds`. Those before `steadyFromSeconds` tell what requests are like, but not
   * at what rate they come: each minute of theirs is brought to that of the rest. What is not known of requests under way
   * is drawn from what is known of others, the answer's length from those longer than it has got.
   */
  sample(span: {
    readonly fromSeconds: number;
    readonly steadyFromSeconds?: number;
    readonly toSeconds: number;
  }): RequestSample {
    const { fromSeconds, toSeconds, steadyFromSeconds = fromSeconds } = span;
    const from = this.firstFrom(fromSeconds);
    const count = this.firstFrom(toSeconds) - from;
    const known = Math.min(this.answered, recentAnswers);
    const columns = {
      numbers: new Float64Array(count),
      places: this.places(fromSeconds, Math.max(fromSeconds, steadyFromSeconds), toSeconds),
      inputTokens: this.input.slice(from, from + count),
      cachedTokens: this.cached.slice(from, from + count),
      outputTokens: this.output.slice(from, from + count),
    };
    const { lengths, soFar } = this.answers();
    let turn = 0;
    for (let i = 0; i < count; i++) {
      const number = from + i + this.dropped;
      columns.numbers[i] = number;
      if (columns.outputTokens[i]! >= 0) {
        columns.outputTokens[i] = Math.max(1, columns.outputTokens[i]!);
        continue;
      }
      const cachedShare = known > 0 ? this.latest[turn++ % known]!.cachedShare : 0;
      columns.cachedTokens[i] = Math.floor(cachedShare * columns.inputTokens[i]!);
      // Any order that is not the requests' own and the same each time.
      columns.outputTokens[i] = lengths.beyond(soFar[from + i]!, (number * goldenRatio) % 1);
    }
    return new RequestSample(columns, toSeconds > fromSeconds ? count / (toSeconds - fromSeconds) : 0);
  }

  /** How long answers are, and the tokens that have probably come of each under way, by place. */
  private answers(): { readonly lengths: AnswerLengths; readonly soFar: Float64Array } {
    if (this.answersKnown !== null) return this.answersKnown;
    const { gauges, takenSeconds, arrival, output, count } = this;
    const soFar = new Float64Array(count);
    const first = meanOf(this.latest.map(({ ttftMs }) => ttftMs)) / 1000;
    const gap = Math.max(leastGapMs, meanOf(this.latest.map(({ itlMs }) => itlMs))) / 1000;
    // First tokens come in the order of arrival, and as late as the one that is waited for longest. What is under way
    // beyond what the front end has will never be answered.
    const firstSeconds = Math.max(first, gauges.oldestAwaitingSeconds);
    const ended: number[] = [];
    const underWay: number[] = [];
    let back = 0;
    const oldest = Math.max(0, count - Math.max(recentRequests, 2 * gauges.inFlight));
    for (let place = count - 1; place >= oldest; place--) {
      if (output[place]! >= 0) {
        ended.push(output[place]!);
        continue;
      }
      const answering = back >= gauges.awaitingFirstToken && back < gauges.inFlight;
      back++;
      if (answering) soFar[place] = Math.max(0, (takenSeconds - arrival[place]! - firstSeconds) / gap);
      underWay.push(soFar[place]!);
    }
    const lengths = new AnswerLengths(Float64Array.from(ended), Float64Array.from(underWay));
    this.answersKnown = { lengths, soFar };
    return this.answersKnown;
  }

  /** Where requests come among one another: by time from `steadyFromSeconds` on, by time within each minute before. */
  private places(fromSeconds: number, steadyFromSeconds: number, toSeconds: number): Float64Array {
    const first = this.firstFrom(fromSeconds);
    const end = this.firstFrom(toSeconds);
    const places = new Float64Array(end - first);
    const bounds = [fromSeconds];
    const borrowed = steadyFromSeconds - fromSeconds;
    for (let back = Math.ceil(borrowed / borrowedSeconds) - 1; back >= 0; back--) {
      bounds.push(steadyFromSeconds - back * borrowedSeconds);
    }
    bounds.push(toSeconds);
    let done = first;
    for (let piece = 1; piece < bounds.length; piece++) {
      const begin = bounds[piece - 1]!;
      const next = piece === bounds.length - 1 ? end : this.firstFrom(bounds[piece]!);
      const perSecond = (next - done) / (bounds[piece]! - begin);
      for (let i = done; i < next; i++) places[i - first] = done - first + (this.arrival[i]! - begin) * perSecond;
      done = next;
    }
    return places;
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

/** Mean of those that are numbers, 0 without any. */
function meanOf(values: readonly number[]): number {
  const numbers = values.filter((value) => !Number.isNaN(value));
  return numbers.length === 0 ? 0 : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
