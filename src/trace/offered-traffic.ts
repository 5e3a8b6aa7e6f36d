import { openByteSource } from "./byte-source.ts";
import type { JsonRow } from "./formats/json-rows.ts";
import { readJsonRows } from "./formats/json-rows.ts";
import { LineSource } from "./line-source.ts";
import { openTrace } from "./open-trace.ts";
import { TraceError } from "./trace-error.ts";
import { traceFormats } from "./trace-formats.ts";

/** When requests were offered and how long they were, row by row. */
export interface OfferedTraffic {
  /** ms from the zero of the recording. */
  readonly arrivalMs: ArrayLike<number>;
  readonly inputLength: ArrayLike<number>;
  readonly outputLength: ArrayLike<number>;
}

/** One row of a format; null = a record that is no request. */
type RowReader = (row: JsonRow) => readonly [atMs: number, inputLength: number, outputLength: number] | null;

const dynamoSchema = "dynamo.request.trace.v1";

const readers: Readonly<Record<"mooncake" | "dynamo", RowReader>> = {
  mooncake: (row) => [row.number("timestamp"), row.tokens("input_length"), row.tokens("output_length")],
  dynamo(row) {
    const record = !row.has("schema") && row.has("event") ? row.object("event") : row;
    if (!record.has("schema") || record.text("schema") !== dynamoSchema)
      row.fail("schema", `must be "${dynamoSchema}"`);
    if (!record.has("event_type") || record.text("event_type") !== "request_end") return null;
    const request = record.object("request");
    return [
      request.number("request_received_ms"),
      request.object("replay").tokens("input_length"),
      request.tokens("output_tokens"),
    ];
  },
};

/**
 * Reads the offered traffic of a recording without its prompts. Mooncake and Dynamo request traces may come in several
 * files, which are one recording: Mooncake times count from 0, Dynamo's from the earliest request of all. Any other
 * format, and presets, are one trace, its times counted from its first request.
 * @throws TraceError with file and line
 */
export async function readOfferedTraffic(paths: readonly string[]): Promise<OfferedTraffic> {
  const [first] = paths;
  if (paths.length === 1 && first!.startsWith("preset:")) return openTrace(first!);
  const rows = { arrivalMs: [] as number[], inputLength: [] as number[], outputLength: [] as number[] };
  let format: "mooncake" | "dynamo" | null = null;
  for (const path of paths) {
    const source = new LineSource(await openByteSource(path));
    try {
      const head = new TextDecoder().decode(await source.head());
      if (head.trim() === "") continue;
      const name = traceFormats.find((candidate) => candidate.detect(head))?.name ?? "mooncake";
      if (name !== "mooncake" && name !== "dynamo") {
        if (paths.length === 1) return await openTrace(path);
        throw new TraceError(path, null, `is ${name}; only mooncake and dynamo traces may come in several files`);
      }
      format ??= name;
      if (name !== format) throw new TraceError(path, null, `is ${name}, but ${format} in the files before`);
      await readJsonRows(source, (row) => {
        const read = readers[name](row);
        if (read === null) return;
        rows.arrivalMs.push(read[0]);
        rows.inputLength.push(read[1]);
        rows.outputLength.push(read[2]);
      });
    } finally {
      source.close();
    }
  }
  if (format === "dynamo") {
    const originMs = rows.arrivalMs.reduce((least, at) => Math.min(least, at), Infinity);
    rows.arrivalMs = rows.arrivalMs.map((at) => at - originMs);
  }
  return rows;
}
