import type { Trace } from "../trace/trace.ts";
import type { SweepRow } from "./sweep-row.ts";
import { runSweepTask, type SweepTask } from "./sweep-task.ts";

/** What a worker thread is handed: the run, and the shared trace it replays. */
export interface WorkerJob {
  readonly task: SweepTask;
  readonly trace: Trace;
  /** Where the run's full result goes (a .json, with its page beside it); null = nowhere. */
  readonly resultPath: string | null;
}

/** One run in a worker thread. */
export default async function runInThread({ task, trace, resultPath }: WorkerJob): Promise<SweepRow> {
  const { row, result } = await runSweepTask(task, trace);
  if (resultPath !== null && result !== null) {
    const { writeFileAtomically } = await import("../report/atomic-file.ts");
    const { resultJson } = await import("../report/result-json.ts");
    const { renderHtmlReport } = await import("../report/html-report.ts");
    await writeFileAtomically(resultPath.replace(/\.json$/, ".html"), [renderHtmlReport(result)]);
    await writeFileAtomically(resultPath, [resultJson(result)]);
  }
  return row;
}
