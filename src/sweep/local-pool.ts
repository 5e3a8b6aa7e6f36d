import { fileURLToPath } from "node:url";
import { Tinypool } from "tinypool";
import { OutputError } from "../report/atomic-file.ts";
import type { RunDriver } from "./run-driver.ts";
import { failedRow, type SweepRow } from "./sweep-row.ts";
import type { SweepTask } from "./sweep-task.ts";
import type { FinishedRun, WorkerJob } from "./worker.ts";
import type { SharedWorkload } from "./workloads.ts";

/** Worker threads of this machine. The trace lies in shared memory; a thread that dies fails its own run only. */
export class LocalPool {
  private readonly pool: Tinypool;
  readonly threads: number;
  private closed: Promise<void> | null = null;

  constructor(threads: number) {
    this.threads = threads;
    this.pool = new Tinypool({
      filename: fileURLToPath(new URL("../sweep/worker.js", import.meta.url)),
      minThreads: threads,
      maxThreads: threads,
    });
  }

  /**
   * Does one run. A failure is a row that says why.
   * @throws OutputError when its full result cannot be written
   */
  async run(task: SweepTask, workload: SharedWorkload, resultPath: string | null): Promise<SweepRow> {
    let finished: FinishedRun;
    try {
      finished = await this.attempt({ task, workload, resultPath, wantResult: false });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return failedRow(task.run, task.point, `the worker thread failed: ${reason}`);
    }
    if (finished.unwritten !== null) throw new OutputError(resultPath!, finished.unwritten);
    return finished.row;
  }

  /**
   * Does one run.
   * @throws Error when the thread itself fails, as for want of memory
   */
  async attempt(job: WorkerJob): Promise<FinishedRun> {
    return (await this.pool.run(job)) as FinishedRun;
  }

  /** Ends all threads, runs under way included; again: waits for the same. */
  async close(): Promise<void> {
    this.closed ??= this.pool.destroy();
    await this.closed;
  }
}

/** The threads of this machine as what does the runs of a sweep. */
export function localDriver(threads: number): RunDriver {
  const pool = new LocalPool(threads);
  return {
    // A thread that is done finds its next run waiting, while the row is being written.
    places: 2 * threads,
    run: (task, workload, resultPath) => pool.run(task, workload, resultPath),
    close: () => pool.close(),
  };
}
