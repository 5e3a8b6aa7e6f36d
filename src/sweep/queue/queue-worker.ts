import { randomBytes } from "node:crypto";
import { LocalPool } from "../local-pool.ts";
import { TraceTransferError, unpackTrace } from "../packed-trace.ts";
import type { TraceContent } from "../shared-trace.ts";
import { keptSeconds, queueKeys, type QueueKeys } from "./queue-keys.ts";
import { QueueError } from "./queue-error.ts";
import { connectQueue, type QueueConnection } from "./redis-connection.ts";
import { readRunJob, type RunReturn } from "./run-job.ts";
import { runRefusal } from "./run-refusal.ts";
import { redisTraceStore, sharedTraceStore, type TraceStore } from "./trace-store.ts";
import { registerWorker } from "./worker-registry.ts";

/** How a worker works. */
export interface WorkerSettings {
  readonly url: string;
  readonly queue: string;
  /** Runs at a time. */
  readonly parallel: number;
  /** Load the policy modules that runs name. */
  readonly allowsPolicies: boolean;
  /** Folder or address traces go through; null = Redis only. */
  readonly traceStore: string | null;
  /** After so long without a sign of life the runs of a worker are given to others, s. */
  readonly stalledSeconds: number;
}

/** What a worker tells. */
export interface WorkerHooks {
  readonly onReady: (place: string) => void;
  /** A run has ended: with figures, without, or undone because this worker must not do it. */
  readonly onRun: (how: "done" | "failed" | "refused") => void;
  /** Something a person may want to know: Redis went away, a run was taken over. */
  readonly onNote: (text: string) => void;
}

/** Packed traces a worker keeps unpacked. */
const tracesKept = 8;
/** So many workers a run may take down before it counts as failed. */
const mostTakeovers = 3;

/**
 * Does runs from a queue until it is stopped; then finishes those under way.
 * @throws ConfigError, QueueError when it cannot begin
 */
export async function workOnQueue(settings: WorkerSettings, hooks: WorkerHooks, signal: AbortSignal): Promise<void> {
  const keys = queueKeys(settings.queue);
  const { redis, bullmq, place, warnings } = await connectQueue(settings.url);
  for (const warning of warnings) hooks.onNote(warning);
  const stores = [
    ...(settings.traceStore === null ? [] : [sharedTraceStore(settings.traceStore)]),
    redisTraceStore(redis, keys),
  ];
  const pool = new LocalPool(settings.parallel);
  const doRun = runner({ settings, hooks, redis, bullmq, keys, pool, traces: new TraceShelf(stores) });
  const lockMs = settings.stalledSeconds * 1000;
  const worker = new bullmq.Worker<unknown, RunReturn>(keys.runs, doRun, {
    connection: redis,
    prefix: keys.prefix,
    concurrency: settings.parallel,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: mostTakeovers,
    runRetryDelay: 1000,
  });
  const note = notedOnce(hooks.onNote);
  redis.on("close", () => signal.aborted || note(`lost Redis at ${place}; trying again`));
  redis.on("ready", () => note(`back on Redis at ${place}`));
  worker.on("failed", (job, error) => {
    if (error instanceof bullmq.UnrecoverableError) {
      hooks.onRun("refused");
      note(`refused a run: ${error.message}`);
    } else if (job !== undefined && job.attemptsMade >= (job.opts.attempts ?? 1)) hooks.onRun("failed");
  });
  worker.on("error", (error) => {
    if (/lock/.test(error.message)) note("a run of this worker was taken over by another");
  });
  const deregister = registerWorker(redis, keys, randomBytes(8).toString("hex"), settings);
  try {
    await worker.waitUntilReady().catch((error: Error) => {
      throw new QueueError(`lost Redis at ${place} before the worker was ready: ${error.message}`);
    });
    hooks.onReady(place);
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await worker.close();
    await deregister();
  } finally {
    await pool.close();
    redis.disconnect();
  }
}

/** What a worker does its runs with. */
interface Workplace extends Pick<QueueConnection, "redis" | "bullmq"> {
  readonly settings: WorkerSettings;
  readonly hooks: WorkerHooks;
  readonly keys: QueueKeys;
  readonly pool: LocalPool;
  readonly traces: TraceShelf;
}

/** Does one run of the queue; a run that this worker must not do is refused for good. */
function runner({ settings, hooks, redis, bullmq, keys, pool, traces }: Workplace) {
  return async ({ id, data }: { readonly id?: string; readonly data: unknown }): Promise<RunReturn> => {
    const job = readRunJob(data);
    const refused = runRefusal(job, settings.allowsPolicies);
    if (refused !== null || job === null) throw new bullmq.UnrecoverableError(refused ?? "");
    const { digest, name, notes } = job.trace;
    const trace = { ...(await traces.get(digest)), name, notes };
    const { row, result } = await pool.attempt({
      task: job.task,
      workload: { trace, digest },
      resultPath: null,
      wantResult: job.keepResult,
    });
    // Before the run counts as done, so that whoever sees it done finds the result.
    if (result !== null) await redis.set(keys.result(id!), Buffer.from(result), "EX", keptSeconds);
    const returned = { figures: row.figures, error: row.error };
    hooks.onRun(row.error === null ? "done" : "failed");
    return returned;
  };
}

/** The traces a worker has at hand: each is fetched and checked once, however many runs replay it. */
class TraceShelf {
  private readonly stores: readonly TraceStore[];
  private readonly kept = new Map<string, Promise<TraceContent>>();

  constructor(stores: readonly TraceStore[]) {
    this.stores = stores;
  }

  /** @throws TraceTransferError when no store has it whole */
  get(digest: string): Promise<TraceContent> {
    const found = this.kept.get(digest) ?? this.fetch(digest);
    this.kept.delete(digest);
    this.kept.set(digest, found);
    // What could not be had is asked for anew by the next run.
    found.catch(() => this.kept.delete(digest));
    const [oldest] = this.kept.keys();
    if (this.kept.size > tracesKept) this.kept.delete(oldest!);
    return found;
  }

  private async fetch(digest: string): Promise<TraceContent> {
    for (const store of this.stores) {
      const packed = await store.get(digest);
      if (packed === null) continue;
      try {
        return await unpackTrace(packed, digest);
      } catch (error) {
        await store.drop(digest);
        throw error;
      }
    }
    const places = this.stores.map(({ place }) => place).join(" nor in ");
    throw new TraceTransferError(`the trace ${digest.slice(0, 12)}… is not in ${places}`);
  }
}

/** Says the same thing only once in a row. */
function notedOnce(onNote: (text: string) => void): (text: string) => void {
  let last = "";
  return (text) => {
    if (text !== last) onNote(text);
    last = text;
  };
}
