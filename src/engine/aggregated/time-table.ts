import type { GapRecorder } from "../../metrics/gap-recorder.ts";

/** Times a table can hold (ns); 0 stands for "not known yet". */
const longest = 2 ** 32 - 1;
const STRETCH_BITS = 10;

/** Decode times (ns) by place, and how many tokens waited for each. */
export class TimeTable {
  readonly times: Uint32Array;
  readonly tokens: Float64Array;
  /** Which stretches of the table may hold a time at all: a short run touches few of a long one. */
  private readonly stretches: Uint8Array;

  /**
   * @param times 0 = not known yet; those found out are written there
   * @param isBlank none of them is known
   */
  constructor(times: Uint32Array, isBlank: boolean) {
    this.times = times;
    this.tokens = new Float64Array(times.length);
    this.stretches = new Uint8Array((times.length >>> STRETCH_BITS) + 1).fill(isBlank ? 0 : 1);
  }

  /** Keeps a time; false when the table cannot hold it. */
  keep(place: number, time: number): boolean {
    if (time <= 0 || time > longest) return false;
    this.times[place] = time;
    this.stretches[place >>> STRETCH_BITS] = 1;
    return true;
  }

  /** Hands the counted tokens over and starts counting anew. */
  drain(recorder: GapRecorder): void {
    const { times, tokens, stretches } = this;
    for (let stretch = 0; stretch < stretches.length; stretch++) {
      if (stretches[stretch] === 0) continue;
      const end = Math.min(times.length, (stretch + 1) << STRETCH_BITS);
      for (let place = stretch << STRETCH_BITS; place < end; place++) {
        if (tokens[place] === 0) continue;
        recorder.add(times[place]!, tokens[place]!);
        tokens[place] = 0;
      }
    }
  }
}
