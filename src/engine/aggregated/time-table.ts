import type { GapRecorder } from "../../metrics/gap-recorder.ts";

/** Times a table can hold (ns); 0 stands for "not known yet". */
const longest = 2 ** 32 - 1;
const STRETCH_BITS = 10;

/** Decode times (ns) by place, and how many tokens waited for each. */
export class TimeTable {
  /** By place. */
  times: Uint32Array;
  /** By place. */
  tokens: Float64Array;
  /** Which stretches of the table hold a time at all: a short run touches few of them. */
  private stretches: Uint8Array;

  constructor(places: number) {
    this.times = new Uint32Array(places);
    this.tokens = new Float64Array(places);
    this.stretches = new Uint8Array(stretchesOf(places));
  }

  /** Goes on with `times`, which has the same at the places there were and may have more of them. */
  follow(times: Uint32Array): void {
    if (times === this.times) return;
    const { tokens, stretches } = this;
    this.times = times;
    this.tokens = new Float64Array(times.length);
    this.tokens.set(tokens);
    this.stretches = new Uint8Array(stretchesOf(times.length));
    this.stretches.set(stretches);
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
      this.drainPlaces(stretch << STRETCH_BITS, Math.min(this.times.length, (stretch + 1) << STRETCH_BITS), recorder);
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
}

function stretchesOf(places: number): number {
  return (places >>> STRETCH_BITS) + 1;
}
