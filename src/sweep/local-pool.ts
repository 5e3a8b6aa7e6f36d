import { fileURLToPath } from "node:url";
import { Tinypool } from "tinypool";
import type { Trace } from "../trace/trace.ts";
import { failedRow, type SweepRow } from "./sweep-row.ts";
import type { SweepTask } from "./sweep-task.ts";
import type { WorkerJob } from "./worker.ts";

/** Worker threads of this machine. The trace lies in shared memory; a thread that dies fails its own run only. */
export class LocalPool {
  private readonly pool: Tinypool;
  readonly threads: number;

  constructor(threads: number) {
    this.threads = threads;
    this.pool = new Tinypool({
      filename: fileURLToPath(new URL("../sweep/worker.js", import.meta.url)),
      minThreads: threads,
      maxThreads: threads,
    });
  }

  /** Does one run. A failure is a row that says why. */
  async run(task: SweepTask, trace: Trace, resultPath: string | null): Promise<SweepRow> {
    try {
      const job: WorkerJob = { task, trace, resultPath };
      return (await this.pool.run(job)) as SweepRow;
    } catch (error) {
      return failedRow(
        task.run,
        task.point,
        `the worker thread failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** Ends all threads, runs under way included. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }
}
