import type { PerfModel } from "../../perf/perf-model.ts";

/** Mean contexts that get their places together. */
export const contextsPerGroup = 256;
const fewestPlaces = 1 << 14;
/** Times of more passes than this are not handed on to the next run: 16 MB of them. */
const mostPlaces = 1 << 22;

/** Decode times (ns) by place, and which places requests and mean contexts have; 0 = not known yet. */
export class ContextTimes {
  /** By place. Replaced when there are more. */
  times = new Uint32Array(fewestPlaces);
  /** How many places are taken. */
  places = 0;
  /** The first place of a group, by requests and number of the group. */
  private readonly groups: (number | undefined)[][] = [];

  /** The first of the places of `requests` requests with the group's mean contexts. */
  firstPlace(requests: number, group: number): number {
    const groups = (this.groups[requests] ??= []);
    return (groups[group] ??= this.take());
  }

  private take(): number {
    const first = this.places;
    this.places += contextsPerGroup;
    if (this.places > this.times.length) {
      const { times } = this;
      this.times = new Uint32Array(2 * times.length);
      this.times.set(times);
    }
    return first;
  }
}

/** What runs with a model have found out, at the last speed they ran at: the runs of a sweep mostly share one. */
const found = new WeakMap<PerfModel, { readonly speedup: number; readonly times: ContextTimes }>();

/** Times of the model's decode passes at a speed-up, whatever is known of them. They would come out the same to the bit. */
export function contextTimesOf(model: PerfModel, speedup: number): ContextTimes {
  const known = found.get(model);
  if (known !== undefined && known.speedup === speedup && known.times.places <= mostPlaces) return known.times;
  const times = new ContextTimes();
  found.set(model, { speedup, times });
  return times;
}
