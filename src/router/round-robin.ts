/**
 * Cyclic choice among a changing list of workers: index = turn mod count. The turn is never reset, so when the list
 * changes the next index may repeat or skip (planner-findings §2.6). Attention-DP ranks take turns within a worker.
 */
export class RoundRobin {
  private turn = 0;
  private readonly dpSize: number;
  private readonly rankTurns = new Map<number, number>();

  constructor(dpSize: number) {
    this.dpSize = dpSize;
  }

  /** Index of the next worker in a list of `count` (≥ 1). */
  next(count: number): number {
    const index = this.turn % count;
    this.turn = index + 1;
    return index;
  }

  /** The next rank within a worker. */
  nextRank(workerId: number): number {
    if (this.dpSize === 1) return 0;
    const turn = this.rankTurns.get(workerId) ?? 0;
    this.rankTurns.set(workerId, turn + 1);
    return turn % this.dpSize;
  }
}
