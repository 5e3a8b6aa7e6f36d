import { createHash } from "node:crypto";
import { sortKeys } from "../result/digest.ts";
import type { Trace } from "../trace/trace.ts";
import { bytesOf, mapColumns, type Column } from "./trace-columns.ts";

/** What of a trace counts: its name and notes do not. */
export type TraceContent = Omit<Trace, "name" | "notes">;

/**
 * The same trace with its columns in shared memory, so that any number of worker threads read one copy.
 */
export function shareTrace(trace: Trace): Trace {
  return mapColumns(trace, shared);
}

/** SHA-256 (hex) of everything of a trace that a simulation looks at; its name and notes do not count. */
export function traceDigest({ name: _name, notes: _notes, ...content }: TraceContent & Partial<Trace>): string {
  const digested = mapColumns<unknown>(content, (column) => [
    column.constructor.name,
    column.length,
    sha256(bytesOf(column)),
  ]);
  return sha256(JSON.stringify(sortKeys(digested)));
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function shared(column: Column): Column {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const Type = column.constructor as new (buffer: SharedArrayBuffer) => Column;
  const copy = new Type(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}
