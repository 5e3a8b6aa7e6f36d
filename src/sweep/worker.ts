import type { RunResult } from "../result/schema.ts";
import type { Trace } from "../trace/trace.ts";
import type { SharedWorkload } from "./workloads.ts";
import type { SweepRow } from "./sweep-row.ts";
import { runSweepTask, type SweepTask } from "./sweep-task.ts";

/** What a worker thread is handed: the run, and the shared trace it replays. */
export interface WorkerJob {
  readonly task: SweepTask;
  readonly workload: SharedWorkload;
  /** Where the run's full result goes (a .json, with its page beside it); null = nowhere. */
  readonly resultPath: string | null;
  /** Give the full result back, compressed. */
  readonly wantResult: boolean;
}

/** What a worker thread gives back. */
export interface FinishedRun {
  readonly row: SweepRow;
  /** The full result as gzipped JSON; null when it was not wanted or there is none. */
  readonly result: Uint8Array | null;
  /** Why the full result could not be written (an error's own class does not survive the way out of a thread). */
  readonly unwritten: { readonly code: string | undefined; readonly message: string } | null;
}

// A policy module that ended its thread would leave its run without an end: nobody tells the pool of it.
process.exit = (code) => {
  throw new Error(`process.exit(${code ?? ""}) was called in a run`);
};

/** One run in a worker thread. */
export default async function runInThread({ task, workload, resultPath, wantResult }: WorkerJob): Promise<FinishedRun> {
  const { row, result } = await runSweepTask(task, knownTrace(workload));
  const unwritten = resultPath !== null && result !== null ? await written(resultPath, result) : null;
  return { row, result: wantResult && result !== null ? await packed(result) : null, unwritten };
}

/** Traces of the last runs; what the engine has found out about one is kept with the object. */
const traces = new Map<string, Trace>();
const MOST_TRACES = 4;
/** More requests than this in all keep only the last trace in memory. */
const MOST_REQUESTS = 1_000_000;

/** The same object for the same trace: every message brings a new one. */
function knownTrace({ digest, trace }: SharedWorkload): Trace {
  const key = JSON.stringify([digest, trace.name, trace.notes]);
  const known = traces.get(key) ?? trace;
  traces.delete(key);
  traces.set(key, known);
  let requests = 0;
  let kept = 0;
  for (const [other, { count }] of [...traces].toReversed()) {
    requests += count;
    if (kept > 0 && (kept >= MOST_TRACES || requests > MOST_REQUESTS)) traces.delete(other);
    else kept++;
  }
  return known;
}

async function written(path: string, result: RunResult): Promise<FinishedRun["unwritten"]> {
  const { writeRunFiles } = await import("./run-files.ts");
  try {
    await writeRunFiles(path, result);
    return null;
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    return { code, message };
  }
}

async function packed(result: RunResult): Promise<Uint8Array> {
  const { packResult } = await import("./packed-result.ts");
  return packResult(result);
}
