import { ConfigError } from "../../config/config-error.ts";
import { windtunnelVersion } from "../../version.ts";

/** Names of everything a queue keeps in Redis. Braces keep them on one node of a cluster. */
export interface QueueKeys {
  readonly prefix: string;
  /** The queue of runs for workers of this version. */
  readonly runs: string;
  readonly workers: string;
  worker(id: string): string;
  trace(digest: string): string;
  traceChunk(digest: string, chunk: number): string;
  /** Full result of a run, kept until its sweep has fetched it. */
  result(job: string): string;
}

/** Everything in Redis that nobody has asked for in this long is gone, s. */
export const keptSeconds = 7 * 24 * 3600;

/** @throws ConfigError for a name Redis keys should not have */
export function queueKeys(name: string, version: string = windtunnelVersion): QueueKeys {
  if (!/^[\w.-]{1,64}$/.test(name)) {
    const message = `found "${name}", expected up to 64 letters, digits, dots, dashes and underscores`;
    throw new ConfigError([{ where: "--queue", message }]);
  }
  const prefix = `{${name}}`;
  return {
    prefix,
    runs: `runs-${version}`,
    workers: `${prefix}:workers`,
    worker: (id) => `${prefix}:worker:${id}`,
    trace: (digest) => `${prefix}:trace:${digest}`,
    traceChunk: (digest, chunk) => `${prefix}:trace:${digest}:${chunk}`,
    result: (job) => `${prefix}:result:${job}`,
  };
}
