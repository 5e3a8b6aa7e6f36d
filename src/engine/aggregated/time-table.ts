import type { GapRecorder } from "../../metrics/gap-recorder.ts";

/** Times a table can hold (ns); 0 stands for "not known yet". */
const longest = 2 ** 32 - 1;
const STRETCH_BITS = 10;
const fewestPlaces = 1 << 14;

/** Decode times (ns) by place, and how many tokens waited for each. */
export class TimeTable {
  /** By place. Replaced when the table grows. */
  times: Uint32Array;
  /** By place. Replaced when the table grows. */
  tokens: Float64Array;
  /** Which stretches of the table hold a time at all: a short run touches few of them. */
  private stretches: Uint8Array;
  private used: number;

  constructor(places: number) {
    this.times = new Uint32Array(places);
    this.tokens = new Float64Array(places);
    this.stretches = new Uint8Array(stretchesOf(places));
    this.used = places;
  }

  /** Adds so many places; the first of them. */
  extend(places: number): number {
    const first = this.used;
    this.used += places;
    if (this.used > this.times.length) this.grow(Math.max(fewestPlaces, this.used, 2 * this.times.length));
    return first;
  }

  /** Keeps a time; false when the table cannot hold it. */
  keep(place: number, time: number): boolean {
    if (time <= 0 || time > longest) return false;
    this.times[place] = time;
    this.stretches[place >>> STRETCH_BITS] = 1;
    return true;
  }

  /** Hands the tokens counted at all places over and starts counting anew. */
  drain(recorder: GapRecorder): void {
    const { stretches } = this;
    for (let stretch = 0; stretch < stretches.length; stretch++) {
      if (stretches[stretch] === 0) continue;
      this.drainPlaces(stretch << STRETCH_BITS, Math.min(this.used, (stretch + 1) << STRETCH_BITS), recorder);
    }
  }

  /** The same for the places from `first` up to `end`, without that. */
  drainPlaces(first: number, end: number, recorder: GapRecorder): void {
    const { times, tokens } = this;
    for (let place = first; place < end; place++) {
      if (tokens[place] === 0) continue;
      recorder.add(times[place]!, tokens[place]!);
      tokens[place] = 0;
    }
  }

  private grow(places: number): void {
    const { times, tokens, stretches } = this;
    this.times = new Uint32Array(places);
    this.times.set(times);
    this.tokens = new Float64Array(places);
    this.tokens.set(tokens);
    this.stretches = new Uint8Array(stretchesOf(places));
    this.stretches.set(stretches);
  }
}

function stretchesOf(places: number): number {
  return (places >>> STRETCH_BITS) + 1;
}
