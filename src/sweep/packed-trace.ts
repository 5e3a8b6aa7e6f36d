import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import type { Trace } from "../trace/trace.ts";
import { traceDigest, type TraceContent } from "./shared-trace.ts";
import { bytesOf, columnTypes, mapColumns, type Column } from "./trace-columns.ts";

/** A trace whose bytes are not what they should be, or that is nowhere to be found. */
export class TraceTransferError extends Error {
  override readonly name = "TraceTransferError";
}

/** How a packed trace begins; another layout gets another number. */
const mark = Buffer.from("windtunnel-trace-1\n");

/** What stands in the frame of a packed trace where a column was. */
interface PackedColumn {
  readonly column: keyof typeof columnTypes;
  readonly length: number;
}

/**
 * A trace's content as bytes that travel (its name and notes go with the run): a mark, then compressed the length of
 * the frame (4 bytes), the frame (JSON: the content without its columns) and the columns one after another,
 * little-endian.
 */
export async function packTrace({ name: _name, notes: _notes, ...content }: Trace): Promise<Buffer> {
  const columns: Column[] = [];
  const frame = mapColumns<unknown>(content, (column) => {
    columns.push(column);
    return { column: column.constructor.name, length: column.length };
  });
  const text = Buffer.from(JSON.stringify(frame));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const plain = Buffer.concat([length, text, ...columns.map(bytesOf)]);
  return Buffer.concat([mark, await promisify(deflateRaw)(plain, { level: 1 })]);
}

/**
 * The content of a trace in packed bytes, checked against the digest it is known by; columns lie in shared memory.
 * @throws TraceTransferError when it is cut short, damaged or another trace
 */
export async function unpackTrace(bytes: Uint8Array, digest: string): Promise<TraceContent> {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!packed.subarray(0, mark.length).equals(mark)) throw damaged(digest);
  let trace: TraceContent;
  try {
    trace = traceFrom(await promisify(inflateRaw)(packed.subarray(mark.length)));
  } catch {
    throw damaged(digest);
  }
  if (traceDigest(trace) !== digest) throw damaged(digest);
  return trace;
}

function traceFrom(plain: Buffer): TraceContent {
  const frameLength = plain.readUInt32LE(0);
  let at = 4 + frameLength;
  const columnOf = ({ column, length }: PackedColumn): Column => {
    const Type = columnTypes[column] as (new (buffer: SharedArrayBuffer) => Column) & { BYTES_PER_ELEMENT: number };
    const made = new Type(new SharedArrayBuffer(length * Type.BYTES_PER_ELEMENT));
    bytesOf(made).set(plain.subarray(at, at + made.byteLength));
    at += made.byteLength;
    return made;
  };
  const frame = plain.toString("utf8", 4, 4 + frameLength);
  // The frame names columns in the order they were packed in, which is the order JSON.parse meets them in.
  const withColumns = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(withColumns);
    if (typeof value !== "object" || value === null) return value;
    if ("column" in value) return columnOf(value as PackedColumn);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withColumns(part)]));
  };
  return withColumns(JSON.parse(frame)) as TraceContent;
}

function damaged(digest: string): TraceTransferError {
  return new TraceTransferError(
    `trace ${digest.slice(0, 12)}… arrived damaged: its content is not what its digest says`,
  );
}
