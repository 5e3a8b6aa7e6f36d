import type { SweepRow } from "./sweep-row.ts";
import type { SweepTask } from "./sweep-task.ts";
import type { SharedWorkload } from "./workloads.ts";

/** Whatever does the runs of a sweep: threads of this machine, or workers behind a queue. */
export interface RunDriver {
  /** Runs it takes at a time; no more are held in memory. */
  readonly places: number;
  /**
   * Does one run. A run that fails is a row that says why.
   * @param resultPath where the full result goes (a .json, with its page beside it); null = nowhere
   */
  run(task: SweepTask, workload: SharedWorkload, resultPath: string | null): Promise<SweepRow>;
  /** Told once the row of a run is on the disk, so that nothing else needs to keep it. */
  recorded?(task: SweepTask): void;
  /** Ends it, runs under way included. */
  close(): Promise<void>;
}
