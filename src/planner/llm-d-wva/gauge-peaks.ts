import type { PoolObservation } from "../planner.ts";
import type { ReplicaLoad } from "./saturation.ts";

interface Reading extends ReplicaLoad {
  readonly atSeconds: number;
}

/** The peaks of every replica's gauges over the last seconds, as far as they have been read. */
export class GaugePeaks {
  private readonly lookBackSeconds: number;
  private readings: ReadonlyMap<number, readonly Reading[]> = new Map();

  constructor(lookBackSeconds: number) {
    this.lookBackSeconds = lookBackSeconds;
  }

  /** Reads all gauges; forgets replicas that are gone. */
  read({ workers }: PoolObservation, nowSeconds: number): void {
    this.readings = new Map(
      workers.map(({ id, kvUtilisation, waiting }) => {
        const before = this.readings.get(id) ?? [];
        const kept = before.filter(({ atSeconds }) => atSeconds > nowSeconds - this.lookBackSeconds);
        return [id, [...kept, { atSeconds: nowSeconds, kvUsage: kvUtilisation, queueLength: waiting }]];
      }),
    );
  }

  /** Of the replicas with these ids that have been read. */
  of(ids: readonly number[]): ReplicaLoad[] {
    return ids.flatMap((id) => {
      const readings = this.readings.get(id);
      if (readings === undefined) return [];
      return {
        kvUsage: Math.max(...readings.map(({ kvUsage }) => kvUsage)),
        queueLength: Math.max(...readings.map(({ queueLength }) => queueLength)),
      };
    });
  }
}
