import type { TwinRequests } from "./twin-server.ts";

/** Shorter traffic is played again, s. */
export const leastPlaySeconds = 90;
/** Time in which engines fill that were empty. */
const warmUpSeconds = 30;
/** Slowest play, in the sample's own rate: silence is not played for ever. */
const leastSpeed = 0.05;

/** Columns of a sample, by arrival. */
export interface SampleColumns {
  /** Numbers by which requests are known again in other samples. */
  readonly numbers: Float64Array;
  /** When a request comes, in requests: at a rate of one a second it comes so many seconds after the first moment. */
  readonly places: Float64Array;
  readonly inputTokens: Float64Array;
  readonly cachedTokens: Float64Array;
  readonly outputTokens: Float64Array;
}

/** Requests to be played at any rate: what they are like and how they come one after another stays. */
export class RequestSample {
  readonly columns: SampleColumns;
  /** Requests a second they came at. */
  readonly ownRate: number;

  constructor(columns: SampleColumns, ownRate: number) {
    this.columns = columns;
    this.ownRate = ownRate;
  }

  get count(): number {
    return this.columns.places.length;
  }

  /** The same requests with other work to do. */
  with(columns: Partial<SampleColumns>): RequestSample {
    return new RequestSample({ ...this.columns, ...columns }, this.ownRate);
  }

  /** As they came. */
  asTheyCame(): TwinRequests {
    return this.at(this.ownRate);
  }

  /**
   * The requests at so many a second, again and again until they last long enough to tell a queue that grows from one
   * that does not; then the first of it is not judged.
   */
  at(requestsPerSecond: number): TwinRequests {
    const { numbers, places, inputTokens, cachedTokens, outputTokens } = this.columns;
    const distinct = this.count;
    const rate = Math.max(requestsPerSecond, leastSpeed * this.ownRate);
    const seconds = distinct === 0 ? 0 : distinct / rate;
    const rounds = seconds > 0 ? Math.max(1, Math.ceil(leastPlaySeconds / seconds)) : 1;
    const arrivalSeconds = new Float64Array(rounds * distinct);
    for (let i = 0; i < arrivalSeconds.length; i++) {
      arrivalSeconds[i] = places[i % distinct]! / rate + Math.floor(i / distinct) * seconds;
    }
    return {
      count: rounds * distinct,
      distinct,
      numbers,
      arrivalSeconds,
      inputTokens: repeated(inputTokens, rounds),
      cachedTokens: repeated(cachedTokens, rounds),
      outputTokens: repeated(outputTokens, rounds),
      judgeFromSeconds: rounds > 1 ? warmUpSeconds : 0,
    };
  }
}

function repeated(column: Float64Array, rounds: number): Float64Array {
  if (rounds === 1) return column;
  const all = new Float64Array(rounds * column.length);
  for (let round = 0; round < rounds; round++) all.set(column, round * column.length);
  return all;
}
