import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { windtunnelVersion } from "../../version.ts";
import type { QueueKeys } from "./queue-keys.ts";

/** A worker as the others see it. */
export interface RegisteredWorker {
  readonly version: string;
  readonly host: string;
  readonly process: number;
  /** Runs it does at a time. */
  readonly parallel: number;
  readonly allowsPolicies: boolean;
}

const beatSeconds = 5;
/** Without a sign of life for this long a worker counts as gone. */
const goneSeconds = 16;

/** Tells the queue that this worker is there, until the returned function is called. */
export function registerWorker(
  redis: Redis,
  keys: QueueKeys,
  id: string,
  { parallel, allowsPolicies }: Pick<RegisteredWorker, "parallel" | "allowsPolicies">,
): () => Promise<void> {
  const entry: RegisteredWorker = {
    version: windtunnelVersion,
    host: hostname(),
    process: process.pid,
    parallel,
    allowsPolicies,
  };
  const beat = () => {
    redis
      .multi()
      .sadd(keys.workers, id)
      .set(keys.worker(id), JSON.stringify(entry), "EX", goneSeconds)
      .exec()
      .catch(() => {
        // Redis is away; the next beat tells it again.
      });
  };
  beat();
  const timer = setInterval(beat, beatSeconds * 1000);
  return async () => {
    clearInterval(timer);
    await redis.multi().srem(keys.workers, id).del(keys.worker(id)).exec();
  };
}

/** The workers that are there, of any version. */
export async function registeredWorkers(redis: Redis, keys: QueueKeys): Promise<RegisteredWorker[]> {
  const ids = await redis.smembers(keys.workers);
  if (ids.length === 0) return [];
  const entries = await redis.mget(ids.map((id) => keys.worker(id)));
  const gone = ids.filter((_, place) => entries[place] === null);
  if (gone.length > 0) await redis.srem(keys.workers, ...gone);
  return entries.flatMap((entry) => (entry === null ? [] : [JSON.parse(entry!) as RegisteredWorker]));
}
