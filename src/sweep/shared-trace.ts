import { createHash } from "node:crypto";
import type { Trace } from "../trace/trace.ts";

type Column = Float64Array | Int32Array;

/**
 * The same trace with its columns in shared memory, so that any number of worker threads read one copy.
 */
export function shareTrace(trace: Trace): Trace {
  const { blocks, sessions } = trace;
  return {
    ...trace,
    arrivalMs: shared(trace.arrivalMs),
    inputLength: shared(trace.inputLength),
    outputLength: shared(trace.outputLength),
    blocks: blocks === null ? null : { ...blocks, offsets: shared(blocks.offsets), ids: shared(blocks.ids) },
    sessions:
      sessions === null
        ? null
        : {
            ...sessions,
            sessionOf: shared(sessions.sessionOf),
            turnOf: shared(sessions.turnOf),
            delayMs: shared(sessions.delayMs),
          },
  };
}

/** SHA-256 (hex) of everything of a trace that a simulation looks at; its name and notes do not count. */
export function traceDigest(trace: Trace): string {
  const hash = createHash("sha256");
  const { blocks, sessions } = trace;
  const columns: Column[] = [trace.arrivalMs, trace.inputLength, trace.outputLength];
  if (blocks !== null) columns.push(blocks.offsets, blocks.ids, Int32Array.of(blocks.blockSize));
  if (sessions !== null) columns.push(sessions.sessionOf, sessions.turnOf, sessions.delayMs);
  for (const column of columns) {
    hash.update(`${column.constructor.name}:${column.length};`);
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest("hex");
}

function shared<C extends Column>(column: C): C {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const Type = column.constructor as new (buffer: SharedArrayBuffer) => C;
  const copy = new Type(new SharedArrayBuffer(column.byteLength));
  copy.set(column as never);
  return copy;
}
