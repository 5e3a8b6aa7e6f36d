import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { statOrNull } from "../config/document.ts";
import { TraceError } from "./trace-error.ts";

/** What chunks of bytes can be taken from, a stream of Node's for one; without a type of Node's, so that callers need none. */
export interface ByteStream extends AsyncIterable<Uint8Array | string> {
  destroy?(): unknown;
}

/** Bytes of a trace, already decompressed, pulled into the caller's buffer. */
export interface ByteSource {
  /** What errors call it. */
  readonly name: string;
  /** Bytes still to come when that is known, else null; a hint only. */
  readonly sizeHint: number | null;
  /** Reads up to `length` bytes into `target` at `offset`; 0 at the end. */
  read(target: Uint8Array, offset: number, length: number): number | Promise<number>;
  close(): void;
}

/**
 * Opens a file, named pipe or standard input ("-"). Gzip is recognised by its first bytes.
 *
 * @throws TraceError when it cannot be opened, is a directory, or is named .gz without being gzip.
 */
export async function openByteSource(path: string, stdin: ByteStream = process.stdin): Promise<ByteSource> {
  if (path === "-") return streamSource("stdin", stdin);
  let fd: number;
  try {
    // Waiting for a pipe's writer must not keep the program from hearing Ctrl-C.
    fd = openSync(path, isPipe(path) ? constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) : "r");
  } catch (error) {
    throw new TraceError(path, null, openProblem(error));
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new TraceError(path, null, "is a directory, expected a trace file");
    if (stat.isFIFO()) {
      const { Socket } = await import("node:net");
      return await streamSource(path, new Socket({ fd, readable: true, writable: false }));
    }
    if (!stat.isFile()) {
      const { createReadStream } = await import("node:fs");
      return await streamSource(path, createReadStream(path, { fd, highWaterMark: 1 << 20 }));
    }
    const magic = new Uint8Array(2);
    readSync(fd, magic, 0, 2, 0);
    if (isGzip(magic)) {
      const { createReadStream } = await import("node:fs");
      return await streamSource(path, createReadStream(path, { fd, start: 0, highWaterMark: 1 << 20 }));
    }
    if (path.endsWith(".gz")) throw new TraceError(path, null, "is named .gz but is not gzip data");
    return fileSource(path, fd, stat.size);
  } catch (error) {
    try {
      closeSync(fd);
    } catch {
      // The first error is the one to tell.
    }
    throw error;
  }
}

function isPipe(path: string): boolean {
  return statOrNull(path)?.isFIFO() === true;
}

function fileSource(name: string, fd: number, size: number): ByteSource {
  return {
    name,
    sizeHint: size,
    read(target, offset, length) {
      try {
        return readSync(fd, target, offset, length, null);
      } catch (error) {
        throw new TraceError(name, null, `cannot be read: ${reason(error)}`);
      }
    },
    close: () => closeSync(fd),
  };
}

async function streamSource(name: string, stream: ByteStream): Promise<ByteSource> {
  const raw = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const first = await nextChunk(raw, name);
  let chunks = raw;
  let pending = first;
  let compressed = false;
  if (first !== null && isGzip(first)) {
    compressed = true;
    const [{ createGunzip }, streams] = await Promise.all([import("node:zlib"), import("node:stream")]);
    const gunzip = createGunzip({ chunkSize: 1 << 18 });
    streams.pipeline(streams.Readable.from(prepend(first, raw)), gunzip, () => {});
    chunks = gunzip[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    pending = await nextChunk(chunks, name, true);
  } else if (name.endsWith(".gz")) {
    throw new TraceError(name, null, "is named .gz but is not gzip data");
  }
  let at = 0;
  return {
    name,
    sizeHint: null,
    async read(target, offset, length) {
      if (pending !== null && at === pending.length) {
        pending = await nextChunk(chunks, name, compressed);
        at = 0;
      }
      if (pending === null) return 0;
      const taken = Math.min(length, pending.length - at);
      target.set(pending.subarray(at, at + taken), offset);
      at += taken;
      return taken;
    },
    close: () => {
      stream.destroy?.();
    },
  };
}

/** The next chunk that has bytes, or null at the end. */
async function nextChunk(
  chunks: AsyncIterator<Uint8Array>,
  name: string,
  compressed = false,
): Promise<Uint8Array | null> {
  try {
    for (;;) {
      const { value, done } = await chunks.next();
      if (done === true) return null;
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      if (bytes.length > 0) return bytes;
    }
  } catch (error) {
    const what = compressed ? "is damaged or cut-off gzip data" : "cannot be read";
    throw new TraceError(name, null, `${what}: ${reason(error)}`);
  }
}

async function* prepend(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (;;) {
    const { value, done } = await rest.next();
    if (done === true) return;
    yield value;
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function openProblem(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
  if (code === "ELOOP") return "its symbolic links lead in a circle";
  if (code === "EACCES" || code === "EPERM") return "no permission to read it";
  return `cannot be opened: ${reason(error)}`;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
