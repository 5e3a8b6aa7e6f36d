import { openByteSource, type ByteStream } from "./byte-source.ts";
import { parseLogColumns } from "./formats/log-columns.ts";
import { timeFormatProblem } from "./formats/log-time.ts";
import { LineSource } from "./line-source.ts";
import { isPoolSpec, openPool } from "./servegen/open-pool.ts";
import type { Trace } from "./trace.ts";
import { quoted, readEach, TraceError } from "./trace-error.ts";
import type { ReadOptions, TraceFormat } from "./trace-format.ts";
import { traceFormats } from "./trace-formats.ts";

/** How to open a trace; everything has a default. */
export interface OpenTraceOptions {
  /** Name of a format, or "auto" to recognise it. @default "auto" */
  readonly format?: string;
  /** Tokens per block id. @default what the format has: 512 for Mooncake, 16 for Qwen-Bailian */
  readonly traceBlockSize?: number;
  /** Tokens of a KV block of the engine, for formats that describe prompts token by token. @default 64 */
  readonly engineBlockSize?: number;
  /** Columns of a log, as `--trace-columns` takes them: time=NAME,input=NAME,output=NAME,session=NAME. */
  readonly traceColumns?: string;
  /** How a log writes times: s, ms, us, ns, or a pattern such as DD/MM/YYYY HH:mm:ss. @default by sight */
  readonly traceTimeFormat?: string;
  /** Share of the first prompt that sessions of a group share (applied_compute_agentic). @default 0 */
  readonly sharedPrefixRatio?: number;
  /** Groups of such sessions. @default 0 */
  readonly numPrefixGroups?: number;
  /** "optional" when nothing depends on arrival times (closed loop). @default "required" */
  readonly arrivals?: "required" | "optional";
  /** Seed of a preset. @default 0 */
  readonly seed?: number;
  /** What "-" reads. @default process.stdin */
  readonly stdin?: ByteStream;
}

/**
 * Reads a trace: a path (plain or gzip), "-" for standard input, or "preset:NAME". Several paths are the shards of one
 * trace, for formats that have shards.
 *
 * @throws TraceError with file and line, what was found and what is allowed.
 */
export async function openTrace(spec: string | readonly string[], options: OpenTraceOptions = {}): Promise<Trace> {
  const paths = typeof spec === "string" ? [spec] : spec;
  const [first] = paths;
  if (paths.includes("")) throw new TraceError("trace", null, "the path is empty");
  if (first === undefined) throw new TraceError("trace", null, "no file is given");
  if (paths.length === 1 && first.startsWith("preset:")) {
    const { openPreset } = await import("./presets/presets.ts");
    return openPreset(first.slice("preset:".length), options.seed ?? 0);
  }
  if (first !== "-" && isPoolSpec(first)) {
    const format = (options.format ?? "auto").replaceAll("-", "_");
    if (format !== "auto" && format !== "servegen") {
      throw new TraceError(first, null, `is a folder, expected a ${format} file (only ServeGen pools are folders)`);
    }
    if (paths.length > 1) throw new TraceError(paths.join(", "), null, "expected one ServeGen pool");
    return openPool(first, options.seed ?? 0);
  }
  const { traceColumns, traceTimeFormat } = options;
  const isLog = traceColumns !== undefined || traceTimeFormat !== undefined;
  const sources: LineSource[] = [];
  try {
    await readEach(paths, async (path) => sources.push(new LineSource(await openByteSource(path, options.stdin))));
    const formats: TraceFormat[] = [];
    for (const source of sources) {
      formats.push(await (isLog ? logFormat(source, options) : chooseFormat(source, options.format ?? "auto")));
    }
    const [format] = formats as [TraceFormat];
    const readOptions: ReadOptions = {
      traceBlockSize: options.traceBlockSize ?? null,
      engineBlockSize: options.engineBlockSize ?? 64,
      sharedPrefixRatio: options.sharedPrefixRatio ?? 0,
      numPrefixGroups: options.numPrefixGroups ?? 0,
      traceColumns: traceColumns === undefined ? null : parseLogColumns(traceColumns),
      traceTimeFormat: traceTimeFormat ?? null,
      arrivals: options.arrivals ?? "required",
    };
    if (sources.length === 1) return await format.read(sources[0]!, readOptions);
    if (format.readShards === undefined || formats.some((other) => other !== format)) {
      throw new TraceError(
        paths.join(", "),
        null,
        `expected one trace file, found ${paths.length}; only dynamo traces and logs of your own come in several files`,
      );
    }
    return await format.readShards(sources, readOptions);
  } finally {
    for (const source of sources) source.close();
  }
}

/** The format of a log whose columns or times are told, whatever it looks like. @throws TraceError */
async function logFormat(source: LineSource, { format = "auto", traceTimeFormat }: OpenTraceOptions) {
  const log = traceFormats.find(({ name }) => name === "log")!;
  if (format !== "auto" && format !== log.name) {
    const problem = `is read as ${format}; --trace-columns and --trace-time-format are for logs (--trace-format log)`;
    throw new TraceError(source.name, null, problem);
  }
  const problem = traceTimeFormat === undefined ? null : timeFormatProblem(traceTimeFormat);
  if (problem !== null) throw new TraceError("--trace-time-format", null, problem);
  checkForLines(source.name, new TextDecoder().decode(await source.head()));
  return log;
}

async function chooseFormat(source: LineSource, name: string): Promise<TraceFormat> {
  const head = new TextDecoder().decode(await source.head());
  if (name === "auto") checkForLines(source.name, head);
  const detected = traceFormats.find((format) => format.detect(head));
  if (name === "auto" && detected === undefined) checkForRows(source.name, head);
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

/** @throws TraceError for one JSON value that is spread over lines, or a list */
function checkForLines(file: string, head: string): void {
  const text = head.trim();
  const first = text.split("\n", 1)[0]!.trim();
  if (!text.startsWith("[") && (first !== "{" || text === first)) return;
  const cure = first === "{" ? "jq -c ." : "jq -c '.[]'";
  throw new TraceError(
    file,
    null,
    `is one JSON document; expected JSON Lines, an object on each line (${cure} writes them)`,
  );
}

/** @throws TraceError where a file of no recognised format does not even begin like rows of JSON */
function checkForRows(file: string, head: string): void {
  const text = head.trimStart();
  if (text === "" || text.startsWith("{") || text.startsWith("[") || head.includes("\uFFFD")) return;
  const line = 1 + (head.slice(0, head.length - text.length).match(/\n/g)?.length ?? 0);
  const first = text.split("\n", 1)[0]!.trimEnd();
  const csv = /[,;\t]/.test(first)
    ? "; for a log of your own name its columns: --trace-columns time=NAME,input=NAME,output=NAME"
    : "";
  throw new TraceError(
    file,
    line,
    `is in no format that is known by sight: found "${quoted(first)}"${csv} (windtunnel trace formats lists what is read)`,
  );
}
