import type { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import { OutputError } from "../../report/atomic-file.ts";
import { windtunnelVersion } from "../../version.ts";
import { unpackResult } from "../packed-result.ts";
import { packTrace } from "../packed-trace.ts";
import { namedFileDigests } from "../named-files.ts";
import { policyModuleDigest, policyModuleOf } from "../policy-module.ts";
import type { RunDriver } from "../run-driver.ts";
import { failedRow, type SweepRow } from "../sweep-row.ts";
import type { SweepTask } from "../sweep-task.ts";
import type { SharedWorkload } from "../workloads.ts";
import { QueueError } from "./queue-error.ts";
import { keptSeconds, queueKeys, type QueueKeys } from "./queue-keys.ts";
import { connectQueue, type QueueConnection } from "./redis-connection.ts";
import type { RunJob, RunReturn } from "./run-job.ts";
import { sweepIdentity } from "./sweep-identity.ts";
import { redisTraceStore, sharedTraceStore, type TraceStore } from "./trace-store.ts";
import { registeredWorkers, type RegisteredWorker } from "./worker-registry.ts";

/** How a sweep uses a queue. */
export interface QueueSettings {
  readonly url: string;
  /** Name of the queue; sweeps and workers of one name work together. */
  readonly queue: string;
  /** Runs of this sweep in the queue at a time, those under way included. */
  readonly length: number;
  /** Folder or address traces go through; null = Redis. */
  readonly traceStore: string | null;
  /** Folder of the sweep's results. */
  readonly out: string;
}

/** What goes on in the queue. */
export interface QueueStatus {
  /** Runs of this sweep that workers are doing. */
  readonly running: number;
  readonly workers: readonly RegisteredWorker[];
  /** false while Redis is away. */
  readonly connected: boolean;
}

interface PendingRun {
  readonly task: SweepTask;
  readonly workload: SharedWorkload;
  readonly resultPath: string | null;
  readonly resolve: (row: SweepRow) => void;
  readonly reject: (error: unknown) => void;
  added: boolean;
  settling: boolean;
}

const reviewEveryMs = 3000;
const longestCloseMs = 5000;

/**
 * Workers behind a BullMQ queue as what does the runs of a sweep. A finished run stays in the queue until its row is on
 * the disk; a run the queue has lost is put into it again.
 */
export class QueueDriver implements RunDriver {
  readonly places: number;
  private readonly connection: QueueConnection;
  private readonly keys: QueueKeys;
  private readonly sweep: string;
  private readonly queue: Queue;
  private readonly events: QueueEvents;
  private readonly eventsRedis: Redis;
  private readonly traces: TraceStore;
  private readonly offered = new Map<string, Promise<void>>();
  private readonly pending = new Map<string, PendingRun>();
  private readonly running = new Set<string>();
  private readonly removals = new Set<Promise<unknown>>();
  private readonly onStatus: (status: QueueStatus) => void;
  private readonly timer: NodeJS.Timeout;
  private reviewing = false;
  private closed = false;

  /**
   * @throws QueueError when Redis is out of reach, OutputError when the folder cannot be written to
   */
  static async open(settings: QueueSettings, onStatus: (status: QueueStatus) => void): Promise<QueueDriver> {
    const keys = queueKeys(settings.queue);
    const connection = await connectQueue(settings.url);
    try {
      const { sweep } = await sweepIdentity(settings.out);
      return new QueueDriver(connection, keys, sweep, settings, onStatus);
    } catch (error) {
      connection.redis.disconnect();
      throw error;
    }
  }

  private constructor(
    connection: QueueConnection,
    keys: QueueKeys,
    sweep: string,
    { length, traceStore }: QueueSettings,
    onStatus: (status: QueueStatus) => void,
  ) {
    const { redis, bullmq } = connection;
    this.connection = connection;
    this.keys = keys;
    this.sweep = sweep;
    this.places = length;
    this.onStatus = onStatus;
    this.traces = traceStore === null ? redisTraceStore(redis, keys) : sharedTraceStore(traceStore);
    this.eventsRedis = redis.duplicate();
    this.queue = new bullmq.Queue(keys.runs, { connection: redis, prefix: keys.prefix });
    this.events = new bullmq.QueueEvents(keys.runs, { connection: this.eventsRedis, prefix: keys.prefix });
    // A lost connection is taken up again by itself; the status tells of it.
    this.queue.on("error", () => {});
    this.events.on("error", () => {});
    this.eventsRedis.on("error", () => {});
    this.events.on("active", ({ jobId }) => this.pending.has(jobId) && this.running.add(jobId));
    this.events.on("waiting", ({ jobId }) => this.running.delete(jobId));
    for (const name of ["completed", "failed", "duplicated"] as const) {
      this.events.on(name, ({ jobId }: { jobId: string }) => void this.settle(jobId));
    }
    redis.on("ready", () => void this.review());
    redis.on("close", () => this.tell([]));
    this.timer = setInterval(() => void this.review(), reviewEveryMs);
    setTimeout(() => void this.review(), 500);
  }

  /** What Redis may make the sweep lose, in words. */
  get warnings(): readonly string[] {
    return this.connection.warnings;
  }

  async run(task: SweepTask, workload: SharedWorkload, resultPath: string | null): Promise<SweepRow> {
    await this.offer(workload);
    const id = this.jobId(task);
    const done = new Promise<SweepRow>((resolve, reject) => {
      this.pending.set(id, { task, workload, resultPath, resolve, reject, added: false, settling: false });
    });
    await this.add(id);
    return done;
  }

  recorded(task: SweepTask): void {
    const id = this.jobId(task);
    const removal = Promise.all([this.queue.remove(id), this.connection.redis.del(this.keys.result(id))])
      // What cannot be removed now goes when its time is over.
      .catch(() => {})
      .finally(() => this.removals.delete(removal));
    this.removals.add(removal);
  }

  /** Takes the runs nobody has begun out of the queue. Those under way finish; their results wait for the next try. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    const orderly = async () => {
      await Promise.all(this.removals);
      await Promise.all([...this.pending.keys()].map((id) => this.withdraw(id)));
      await this.events.close();
      await this.queue.close();
    };
    const late = new Promise((resolve) => setTimeout(resolve, longestCloseMs).unref());
    await Promise.race([orderly().catch(() => {}), late]);
    this.eventsRedis.disconnect();
    this.connection.redis.disconnect();
  }

  private jobId({ run, point }: SweepTask): string {
    return `${this.sweep}-${point.index}-${run}`;
  }

  /** Makes sure that workers can get the requests. */
  private offer({ trace, digest }: SharedWorkload): Promise<void> {
    const put = async () => {
      try {
        if (!(await this.traces.has(digest))) await this.traces.put(digest, await packTrace(trace));
      } catch (error) {
        throw new QueueError(`cannot hand the trace ${trace.name} to workers: ${(error as Error).message}`);
      }
    };
    const offered = this.offered.get(digest) ?? put();
    this.offered.set(digest, offered);
    return offered;
  }

  private async add(id: string): Promise<void> {
    const run = this.pending.get(id);
    if (run === undefined || this.closed) return;
    const { task, workload, resultPath } = run;
    const { name, notes } = workload.trace;
    const module = policyModuleOf(task.options);
    const data: RunJob = {
      version: windtunnelVersion,
      task,
      trace: { digest: workload.digest, name, notes },
      policyDigest: module === null ? null : policyModuleDigest(module),
      files: namedFileDigests(task.options),
      keepResult: resultPath !== null,
    };
    try {
      await this.queue.add("run", data, {
        jobId: id,
        attempts: 4,
        backoff: { type: "exponential", delay: 1000 },
        removeOnComplete: { age: keptSeconds },
        removeOnFail: { age: keptSeconds },
        stackTraceLimit: 0,
      });
    } catch (error) {
      if (this.closed) return;
      throw new QueueError(`Redis at ${this.connection.place} does not take a run: ${(error as Error).message}`);
    }
    run.added = true;
  }

  /** Takes up what became of a run, if it is finished; a run that is in no queue any more goes in again. */
  private async settle(id: string): Promise<void> {
    const run = this.pending.get(id);
    if (run === undefined || run.settling || !run.added || this.closed) return;
    run.settling = true;
    try {
      const state = await this.queue.getJobState(id);
      if (state === "unknown") await this.add(id);
      if (state !== "completed" && state !== "failed") return;
      const row = state === "completed" ? await this.fetched(id, run) : await this.failure(id, run);
      if (row === null) return;
      this.pending.delete(id);
      this.running.delete(id);
      run.resolve(row);
    } catch (error) {
      // Whatever Redis could not tell now it is asked again in the next review.
      if (error instanceof OutputError || error instanceof QueueError) run.reject(error);
    } finally {
      run.settling = false;
    }
  }

  /** Row of a run that was done; null when its full result is gone and it has to be done again. */
  private async fetched(id: string, { task, resultPath }: PendingRun): Promise<SweepRow | null> {
    const job = await this.queue.getJob(id);
    const returned = job?.returnvalue as RunReturn | null | undefined;
    if (returned === null || returned === undefined) return null;
    const { run, point } = task;
    const packed = resultPath === null ? null : await this.connection.redis.getBuffer(this.keys.result(id));
    if (resultPath !== null && packed !== null) {
      const result = unpackResult(packed);
      if (typeof result === "string") return failedRow(run, point, result);
      const { writeRunFiles } = await import("../run-files.ts");
      await writeRunFiles(resultPath, result);
    } else if (resultPath !== null && returned.figures !== null) {
      await this.queue.remove(id);
      await this.add(id);
      return null;
    }
    const { figures, error } = returned;
    return { run, index: point.index, values: point.values, repeat: point.repeat, figures, error };
  }

  /** Row of a run that workers gave up. */
  private async failure(id: string, { task }: PendingRun): Promise<SweepRow | null> {
    const job = await this.queue.getJob(id);
    return job === undefined ? null : failedRow(task.run, task.point, job.failedReason ?? "no reason given");
  }

  /** Finds what events did not tell: they are lost with a connection. */
  private async review(): Promise<void> {
    if (this.reviewing || this.closed) return;
    this.reviewing = true;
    try {
      if (this.connection.redis.status !== "ready") return this.tell([]);
      this.tell(await registeredWorkers(this.connection.redis, this.keys));
      const workloads = new Map([...this.pending.values()].map(({ workload }) => [workload.digest, workload]));
      for (const [digest, { trace }] of workloads) {
        if (!(await this.traces.has(digest))) await this.traces.put(digest, await packTrace(trace));
      }
      await Promise.all([...this.pending.keys()].map((id) => this.settle(id)));
    } catch {
      // Redis went away meanwhile; the next review starts over.
    } finally {
      this.reviewing = false;
    }
  }

  private async withdraw(id: string): Promise<void> {
    const state = await this.queue.getJobState(id);
    if (state === "waiting" || state === "delayed") await this.queue.remove(id);
  }

  private tell(workers: readonly RegisteredWorker[]): void {
    if (this.closed) return;
    this.onStatus({ running: this.running.size, workers, connected: this.connection.redis.status === "ready" });
  }
}
