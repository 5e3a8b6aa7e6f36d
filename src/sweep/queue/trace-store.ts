import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { statOrNull } from "../../config/document.ts";
import { writeFileAtomically } from "../../report/atomic-file.ts";
import { keptSeconds, type QueueKeys } from "./queue-keys.ts";

/** Where packed traces lie between a sweep and its workers, known by the digest of their content. */
export interface TraceStore {
  /** What an error calls it. */
  readonly place: string;
  has(digest: string): Promise<boolean>;
  put(digest: string, packed: Buffer): Promise<void>;
  /** null when it is not there, or not all of it. */
  get(digest: string): Promise<Buffer | null>;
  /** Takes a damaged one away, so that the sweep puts it there again; does nothing where that is not ours to do. */
  drop(digest: string): Promise<void>;
}

const chunkBytes = 4 * 1024 * 1024;
/** Larger packed traces go through a folder or a web server instead. */
const mostBytesInRedis = 256 * 1024 * 1024;

/** In Redis, in pieces; the entry that says how many there are is written last. */
export function redisTraceStore(redis: Redis, keys: QueueKeys): TraceStore {
  const piecesOf = async (digest: string) => {
    const chunks = Number(await redis.get(keys.trace(digest)));
    return Array.from({ length: chunks }, (_, chunk) => keys.traceChunk(digest, chunk));
  };
  return {
    place: "Redis",
    async has(digest) {
      const pieces = await piecesOf(digest);
      for (const key of [keys.trace(digest), ...pieces]) {
        if ((await redis.expire(key, keptSeconds)) === 0) return false;
      }
      return pieces.length > 0;
    },
    async put(digest, packed) {
      if (packed.length > mostBytesInRedis) {
        throw new Error(
          `the trace takes ${Math.ceil(packed.length / 1e6)} MB packed, at most ${Math.floor(mostBytesInRedis / 1e6)} MB go through Redis; give a folder or address all machines reach: --trace-store`,
        );
      }
      const chunks = Math.ceil(packed.length / chunkBytes);
      for (let chunk = 0; chunk < chunks; chunk++) {
        const bytes = packed.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes);
        await redis.set(keys.traceChunk(digest, chunk), bytes, "EX", keptSeconds);
      }
      await redis.set(keys.trace(digest), chunks, "EX", keptSeconds);
    },
    async get(digest) {
      const pieces: Buffer[] = [];
      for (const key of await piecesOf(digest)) {
        const piece = await redis.getBuffer(key);
        if (piece === null) return null;
        pieces.push(piece);
      }
      return pieces.length === 0 ? null : Buffer.concat(pieces);
    },
    async drop(digest) {
      await redis.del(keys.trace(digest));
    },
  };
}

/**
 * A folder all machines see, or a web server's address: traces lie there as DIGEST.trace. A web server is asked with
 * HEAD and GET, and given new traces with PUT.
 */
export function sharedTraceStore(place: string): TraceStore {
  return /^https?:\/\//.test(place) ? webTraceStore(place) : folderTraceStore(place);
}

function folderTraceStore(folder: string): TraceStore {
  const pathOf = (digest: string) => join(folder, `${digest}.trace`);
  return {
    place: folder,
    has: async (digest) => statOrNull(pathOf(digest)) !== null,
    put: (digest, packed) => writeFileAtomically(pathOf(digest), [packed]),
    async get(digest) {
      try {
        return await readFile(pathOf(digest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
    drop: (digest) => rm(pathOf(digest), { force: true }),
  };
}

function webTraceStore(address: string): TraceStore {
  const { origin, pathname, search } = new URL(address);
  const addressOf = (digest: string) => `${origin}${pathname.replace(/\/$/, "")}/${digest}.trace${search}`;
  const asked = async (method: string, digest: string, body?: Buffer) => {
    try {
      return await fetch(addressOf(digest), { method, ...(body === undefined ? {} : { body: new Uint8Array(body) }) });
    } catch (error) {
      const { cause, message } = error as Error;
      throw new Error(`cannot reach ${origin}: ${(cause as Error | undefined)?.message ?? message}`, { cause: error });
    }
  };
  return {
    place: `${origin}${pathname}`,
    has: async (digest) => (await asked("HEAD", digest)).ok,
    async put(digest, packed) {
      const { ok, status } = await asked("PUT", digest, packed);
      if (!ok) throw new Error(`${origin} does not take the trace (PUT ${pathname}: status ${status})`);
    },
    async get(digest) {
      const answer = await asked("GET", digest);
      if (answer.status === 404) return null;
      if (!answer.ok) throw new Error(`${origin} does not give the trace (GET ${pathname}: status ${answer.status})`);
      return Buffer.from(await answer.arrayBuffer());
    },
    drop: async () => {},
  };
}
