import type * as bullmq from "bullmq";
import type { Redis } from "ioredis";
import { ConfigError } from "../../config/config-error.ts";
import { QueueError } from "./queue-error.ts";

/** Redis, connected, and the queue engine on it. */
export interface QueueConnection {
  readonly redis: Redis;
  readonly bullmq: typeof bullmq;
  /** Where it is, without credentials. */
  readonly place: string;
  /** What may make it lose runs, in words. */
  readonly warnings: readonly string[];
}

const oldestRedis = [6, 2] as const;
const longestPauseMs = 2000;

/**
 * Connects to Redis. Once connected, a lost connection is taken up again for as long as it takes.
 * @param url redis://[user:password@]host[:port][/database], rediss:// for TLS
 * @throws ConfigError for another kind of address, QueueError when Redis or a package cannot be had
 */
export async function connectQueue(url: string): Promise<QueueConnection> {
  const place = placeOf(url);
  const { engine, client } = await packages();
  let connected = false;
  let lastError: Error | null = null;
  const redis = new client.Redis(url, {
    lazyConnect: true,
    connectTimeout: 10_000,
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => (connected ? Math.min(100 * tries, longestPauseMs) : null),
  });
  redis.on("error", (error: Error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    // The client stays in the first database, without a word, where the one of the address cannot be had.
    await redis.select(redis.options.db ?? 0);
    await redis.ping();
    const info = await redis.info();
    connected = true;
    return { redis, bullmq: engine, place, warnings: checked(info, place) };
  } catch (error) {
    // One that never was connected would keep the process waiting for its end.
    if (redis.status !== "end") redis.disconnect();
    if (error instanceof QueueError) throw error;
    throw new QueueError(`cannot use Redis at ${place}: ${reasonOf(lastError ?? (error as Error))}`);
  }
}

/** Loaded only when a queue is asked for; the packages are optional. */
async function packages() {
  try {
    const [engine, client] = await Promise.all([import("bullmq"), import("ioredis")]);
    return { engine, client };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new QueueError(
      "a queue needs the packages bullmq and ioredis, which are not installed: npm install bullmq ioredis",
    );
  }
}

function placeOf(url: string): string {
  let parsed: URL | null = null;
  try {
    parsed = new URL(url);
  } catch {
    // Told below.
  }
  const isRedis = parsed !== null && /^rediss?:$/.test(parsed.protocol) && /^(?:\/\d*)?$/.test(parsed.pathname);
  if (parsed === null || !isRedis || parsed.hostname === "") {
    const message =
      "expected redis://[user:password@]host[:port][/database], or rediss:// for TLS; what was given is not shown, it may hold a password";
    throw new ConfigError([{ where: "--redis", message }]);
  }
  return `${parsed.hostname}:${parsed.port === "" ? "6379" : parsed.port}`;
}

/** The version must do; how Redis keeps its data is only warned about. */
function checked(info: string, place: string): string[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  const version = field("redis_version") ?? "0.0";
  const [major, minor] = version.split(".").map(Number) as [number, number];
  if (major < oldestRedis[0] || (major === oldestRedis[0] && minor < oldestRedis[1])) {
    throw new QueueError(`Redis at ${place} has version ${version}; at least ${oldestRedis.join(".")} is needed`);
  }
  const policy = field("maxmemory_policy") ?? "noeviction";
  return policy === "noeviction"
    ? []
    : [`Redis at ${place} drops keys when memory runs short (maxmemory-policy ${policy}); use noeviction`];
}

function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    ENOTFOUND: "no such host",
    EAI_AGAIN: "the host's name cannot be looked up",
    ETIMEDOUT: "no answer",
    ECONNRESET: "the connection was cut (a server that speaks TLS needs rediss://)",
    DEPTH_ZERO_SELF_SIGNED_CERT:
      "its certificate is signed by nobody trusted; NODE_EXTRA_CA_CERTS names more authorities",
    SELF_SIGNED_CERT_IN_CHAIN:
      "its certificate is signed by nobody trusted; NODE_EXTRA_CA_CERTS names more authorities",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      "its certificate is signed by nobody trusted; NODE_EXTRA_CA_CERTS names more authorities",
  };
  return known[code ?? ""] ?? message;
}
