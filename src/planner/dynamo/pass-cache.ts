import type { PoolObservation, PublishedPass } from "../planner.ts";

/** The last published pass of each worker and rank of a pool, workers that left the active set forgotten. */
export class PassCache {
  private readonly passes = new Map<string, PublishedPass>();

  /** Takes in what was published since the observation before. */
  update(pool: PoolObservation): void {
    for (const published of pool.passes) {
      this.passes.set(`${published.workerId}/${published.rank}`, published);
    }
    const active = new Set(pool.activeIds);
    for (const [key, { workerId }] of this.passes) if (!active.has(workerId)) this.passes.delete(key);
  }

  /** In the order workers first published, which is the order of their creation. */
  all(): readonly PublishedPass[] {
    return [...this.passes.values()];
  }
}
