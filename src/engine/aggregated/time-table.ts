import type { GapRecorder } from "../../metrics/gap-recorder.ts";

/** Times a table can hold (ns); 0 stands for "not known yet". */
const longest = 2 ** 32 - 1;

/** Decode times (ns) by place, and how many tokens waited for each. */
export class TimeTable {
  readonly times: Uint32Array;
  readonly tokens: Float64Array;

  constructor(places: number) {
    this.times = new Uint32Array(places);
    this.tokens = new Float64Array(places);
  }

  /** Keeps a time; false when the table cannot hold it. */
  keep(place: number, time: number): boolean {
    if (time <= 0 || time > longest) return false;
    this.times[place] = time;
    return true;
  }

  /** Hands the counted tokens over and starts counting anew. */
  drain(recorder: GapRecorder): void {
    const { times, tokens } = this;
    for (let place = 0; place < times.length; place++) {
      if (tokens[place] === 0) continue;
      recorder.add(times[place]!, tokens[place]!);
      tokens[place] = 0;
    }
  }
}
