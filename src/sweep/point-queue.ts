import type { ReplayOptions } from "../config/replay-options.ts";
import type { SweepPoint } from "./sweep-plan.ts";
import { loadSharedWorkload, workloadKey, type SharedWorkload } from "./workloads.ts";

/** Requests, or why they cannot be read. */
type Reading = Promise<SharedWorkload | string>;

/** Points that replay the same requests. */
interface WorkloadGroup {
  readonly points: SweepPoint[];
  /** Those requests, being read or read; null before the first point of the group is taken and after the last. */
  loading: Reading | null;
}

/**
 * The points of a sweep, those that replay the same requests behind each other, with their requests: they are read when
 * the first point that needs them is taken, so while the last runs of the ones before are under way, and let go of after
 * the last.
 */
export class PointQueue {
  private readonly optionsOf: (point: SweepPoint) => ReplayOptions;
  private readonly groups: readonly WorkloadGroup[];
  private readonly order: readonly { readonly group: WorkloadGroup; readonly point: SweepPoint }[];
  private next = 0;

  constructor(points: readonly SweepPoint[], optionsOf: (point: SweepPoint) => ReplayOptions) {
    this.optionsOf = optionsOf;
    this.groups = byWorkload(optionsOf, points);
    this.order = this.groups.flatMap((group) => group.points.map((point) => ({ group, point })));
  }

  get length(): number {
    return this.order.length;
  }

  /** Where all points replay the same requests, begins to read those; otherwise null. */
  readTheOnly(): Reading | null {
    const [only] = this.groups;
    if (only === undefined || this.groups.length > 1) return null;
    only.loading = this.load(only);
    only.loading.catch(() => {});
    return only.loading;
  }

  /** The next point and its requests; null after the last. */
  take(): { readonly point: SweepPoint; readonly loading: Reading } | null {
    const first = this.order[this.next];
    if (first === undefined) return null;
    const { group, point } = first;
    this.next++;
    const loading = (group.loading ??= this.load(group));
    if (this.order[this.next]?.group !== group) group.loading = null;
    return { point, loading };
  }

  private async load(group: WorkloadGroup): Reading {
    try {
      return await loadSharedWorkload(this.optionsOf(group.points[0]!));
    } catch (error) {
      // One of several workloads fails its own runs only.
      if (this.groups.length === 1) throw error;
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** The points by the requests they replay; groups in the order of their first points. */
function byWorkload(
  optionsOf: (point: SweepPoint) => ReplayOptions,
  points: readonly SweepPoint[],
): readonly WorkloadGroup[] {
  const groups = new Map<string, WorkloadGroup>();
  for (const point of points) {
    const key = workloadKey(optionsOf(point));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { points: [point], loading: null });
    else group.points.push(point);
  }
  return [...groups.values()];
}
