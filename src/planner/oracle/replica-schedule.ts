import type { Observation, Planner, Targets } from "../planner.ts";
import { replicaWords } from "../replica-words.ts";

/** Replicas that are to take requests, a number a segment of time; the last holds on. */
export interface ReplicaSchedule {
  readonly segmentSeconds: number;
  readonly replicas: readonly number[];
}

/** Has the replicas of a schedule ready in time: starts them as long before as they take to start. */
export class ScheduleFollower implements Planner {
  private readonly schedule: ReplicaSchedule;
  private readonly startupSeconds: number;
  private readonly tickSeconds: readonly number[];

  constructor(schedule: ReplicaSchedule, startupSeconds: number) {
    this.schedule = schedule;
    this.startupSeconds = startupSeconds;
    this.tickSeconds = changeTimes(schedule, startupSeconds);
  }

  firstTickSeconds(): number {
    return 0;
  }

  onTick({ nowSeconds, pools }: Observation): Targets {
    const { agg } = pools;
    const replicas = this.wanted(nowSeconds);
    const size = agg === undefined ? replicas : agg.activeIds.length + agg.startingIds.length;
    return {
      replicas: { agg: replicas },
      nextTickSeconds: this.tickSeconds.find((at) => at > nowSeconds) ?? null,
      reason:
        replicas === size
          ? `${replicaWords(replicas)}, as planned.`
          : `Scale ${replicas > size ? "up" : "down"} ${size} → ${replicas}: planned with the trace known${
              replicas > size && this.startupSeconds > 0 ? `, to be ready in ${this.startupSeconds} s` : ""
            }.`,
    };
  }

  /** Most replicas that must be ready from now until one started now would be: stopping any of those is of no use. */
  private wanted(nowSeconds: number): number {
    const { segmentSeconds, replicas } = this.schedule;
    const first = Math.floor(nowSeconds / segmentSeconds + 1e-9);
    const last = Math.floor((nowSeconds + this.startupSeconds) / segmentSeconds + 1e-9);
    let most = 0;
    for (let i = first; i <= last; i++) most = Math.max(most, replicas[Math.min(i, replicas.length - 1)]!);
    return most;
  }
}

/** Times at which what is wanted can change, ascending. */
function changeTimes({ segmentSeconds, replicas }: ReplicaSchedule, startupSeconds: number): number[] {
  const times = new Set<number>();
  for (let i = 1; i < replicas.length; i++) {
    if (replicas[i] === replicas[i - 1]) continue;
    times.add(i * segmentSeconds);
    if (i * segmentSeconds > startupSeconds) times.add(i * segmentSeconds - startupSeconds);
  }
  return [...times].toSorted((a, b) => a - b);
}
