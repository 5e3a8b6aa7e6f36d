import type { ForwardPass } from "../engine/forward-pass.ts";
import type { PooledWorker, WorkerPool } from "../fleet/worker-pool.ts";
import type { Trace } from "../trace/trace.ts";
import type { RunConfig } from "./run-config.ts";

const SHORTEST_INTERVAL_SECONDS = 1;
/** Entries over which every second instant is dropped; of more engines than half of them, two instants are kept. */
const MOST_ENTRIES = 1024;

/** Load of the engines of a run now and then. */
export interface LoadSamples {
  /** Time between samples of an engine, at the least. */
  intervalSeconds: number;
  /** An entry a rank, in order of time. */
  entries: LoadSample[];
}

/** What one rank's last pass was at an instant. */
export interface LoadSample {
  /** Start of the interval the entry is of. */
  readonly atSeconds: number;
  readonly pool: WorkerPool["name"];
  readonly worker: number;
  readonly rank: number;
  /** null = it was idle. */
  readonly pass: Readonly<ForwardPass> | null;
}

/**
 * Samples engines of a run without a planner when a request reaches them, the moments they are advanced to anyway; at
 * most once an interval, which doubles as often as it takes to keep the samples few.
 */
export class LoadSampler {
  readonly samples: LoadSamples;
  private readonly dpSize: number;
  private readonly most: number;
  /** When the next sample of each engine is due, ns, by worker id. */
  private readonly dueNs: Readonly<Record<WorkerPool["name"], number[]>> = { agg: [], prefill: [], decode: [] };

  /**
   * @param engines ranks to sample
   * @param spanSeconds how long requests arrive, as far as that is known
   */
  constructor(dpSize: number, engines: number, spanSeconds: number) {
    this.dpSize = dpSize;
    this.most = Math.max(MOST_ENTRIES, 2 * engines);
    const fitting = Math.ceil((spanSeconds * engines) / this.most);
    this.samples = { intervalSeconds: Math.max(SHORTEST_INTERVAL_SECONDS, fitting), entries: [] };
  }

  /** A worker of the pool has been advanced to `atNs`. */
  visit(pool: WorkerPool["name"], member: PooledWorker, atNs: number): void {
    const dueNs = this.dueNs[pool];
    if (atNs < (dueNs[member.id] ?? 0)) return;
    const { samples } = this;
    const intervalNs = samples.intervalSeconds * 1e9;
    const interval = Math.floor(atNs / intervalNs);
    const atSeconds = interval * samples.intervalSeconds;
    dueNs[member.id] = (interval + 1) * intervalNs;
    const { worker } = member;
    const idle = worker.inSystem === 0 && worker.busyUntilNs <= atNs;
    for (let rank = 0; rank < this.dpSize; rank++) {
      const pass = idle ? null : worker.lastPassEndedBy(atNs, -1, rank);
      if (pass === null && !idle) continue;
      // Engines may write the next pass into the same record.
      samples.entries.push({ atSeconds, pool, worker: member.id, rank, pass: pass === null ? null : { ...pass } });
    }
    if (samples.entries.length > this.most && samples.entries.some((entry) => entry.atSeconds > 0)) {
      this.doubleInterval();
    }
  }

  /** Drops every second instant; of an interval that has an engine's sample no other is taken. */
  private doubleInterval(): void {
    const { samples } = this;
    samples.intervalSeconds *= 2;
    samples.entries = samples.entries.filter((entry) => entry.atSeconds % samples.intervalSeconds === 0);
    const intervalNs = samples.intervalSeconds * 1e9;
    for (const dueNs of Object.values(this.dueNs)) {
      for (const [worker, atNs] of dueNs.entries()) {
        if (atNs !== undefined) dueNs[worker] = Math.ceil(atNs / intervalNs) * intervalNs;
      }
    }
  }
}

/** How long an open-loop run offers requests; 0 where arrivals follow from the run itself. */
export function offeredSeconds(
  { arrivalMs }: Trace,
  { replayConcurrency, arrivalSpeedupRatio }: Pick<RunConfig, "replayConcurrency" | "arrivalSpeedupRatio">,
): number {
  if (replayConcurrency !== null) return 0;
  let last = 0;
  for (let i = 0; i < arrivalMs.length; i++) if (arrivalMs[i]! > last) last = arrivalMs[i]!;
  return last / 1000 / arrivalSpeedupRatio;
}
