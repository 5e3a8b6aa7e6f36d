import type { PerfModel } from "../../perf/perf-model.ts";

/** Mean contexts whose times are kept together. */
export const contextsPerGroup = 256;
/** More groups than this are not handed on to the next run: 16 MB of times. */
const mostGroups = 1 << 14;

/** Decode times (ns) by requests and mean context; 0 = not known yet. */
export class ContextTimes {
  /** How many groups there are. */
  size = 0;
  /** By requests, then by number of the group. */
  private readonly groups: (Uint32Array | undefined)[][] = [];

  /** Times of a group of mean contexts, to read and to write. */
  group(requests: number, number: number): Uint32Array {
    const groups = (this.groups[requests] ??= []);
    return (groups[number] ??= this.newGroup());
  }

  private newGroup(): Uint32Array {
    this.size++;
    return new Uint32Array(contextsPerGroup);
  }
}

/** What runs with a model have found out, at the last speed they ran at: the runs of a sweep mostly share one. */
const found = new WeakMap<PerfModel, { readonly speedup: number; readonly times: ContextTimes }>();

/** Times of the model's decode passes at a speed-up, whatever is known of them. They would come out the same to the bit. */
export function contextTimesOf(model: PerfModel, speedup: number): ContextTimes {
  const known = found.get(model);
  if (known !== undefined && known.speedup === speedup && known.times.size <= mostGroups) return known.times;
  const times = new ContextTimes();
  found.set(model, { speedup, times });
  return times;
}
