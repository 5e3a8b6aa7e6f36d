import type { Readable } from "node:stream";
import { openByteSource } from "./byte-source.ts";
import { LineSource } from "./line-source.ts";
import type { Trace } from "./trace.ts";
import { TraceError } from "./trace-error.ts";
import type { TraceFormat } from "./trace-format.ts";
import { traceFormats } from "./trace-formats.ts";

/** How to open a trace; everything has a default. */
export interface OpenTraceOptions {
  /** Name of a format, or "auto" to recognise it. @default "auto" */
  readonly format?: string;
  /** Tokens per block id. @default what the format has: 512 for Mooncake, 16 for Qwen-Bailian */
  readonly traceBlockSize?: number;
  /** "optional" when nothing depends on arrival times (closed loop). @default "required" */
  readonly arrivals?: "required" | "optional";
  /** Seed of a preset. @default 0 */
  readonly seed?: number;
  /** What "-" reads. @default process.stdin */
  readonly stdin?: Readable;
}

/**
 * Reads a trace: a path (plain or gzip), "-" for standard input, or "preset:NAME".
 *
 * @throws TraceError with file and line, what was found and what is allowed.
 */
export async function openTrace(spec: string | readonly string[], options: OpenTraceOptions = {}): Promise<Trace> {
  const specs = typeof spec === "string" ? [spec] : spec;
  if (specs.length !== 1) {
    throw new TraceError(specs.join(", "), null, `expected one trace file, found ${specs.length}`);
  }
  const [path] = specs as [string];
  if (path.startsWith("preset:")) {
    const { openPreset } = await import("./presets/presets.ts");
    return openPreset(path.slice("preset:".length), options.seed ?? 0);
  }
  const source = new LineSource(await openByteSource(path, options.stdin));
  try {
    const format = await chooseFormat(source, options.format ?? "auto");
    return await format.read(source, {
      traceBlockSize: options.traceBlockSize ?? null,
      arrivals: options.arrivals ?? "required",
    });
  } finally {
    source.close();
  }
}

async function chooseFormat(source: LineSource, name: string): Promise<TraceFormat> {
  const head = new TextDecoder().decode(await source.head());
  const detected = traceFormats.find((format) => format.detect(head));
  // What no format claims is read as Mooncake, whose errors then say what is wrong with it.
  if (name === "auto") return detected ?? traceFormats[0]!;
  const format = traceFormats.find((candidate) => candidate.name === name.replaceAll("-", "_"));
  if (format === undefined) {
    const known = traceFormats.map((candidate) => candidate.name).join(", ");
    throw new TraceError(source.name, null, `unknown trace format "${name}"; known: ${known}`);
  }
  if (detected !== undefined && detected !== format && format.alsoReads?.includes(detected.name) !== true) {
    throw new TraceError(
      source.name,
      null,
      `is not ${format.name} but ${detected.name} (${detected.description}): leave --trace-format out or name that`,
    );
  }
  return format;
}
