import { constants } from "node:buffer";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { config } from "zod/mini";
import { en } from "zod/locales";
import { ConfigError, shown } from "../config/config-error.ts";
import { fileErrorText } from "../config/document.ts";
import { RESULT_SCHEMA_VERSION, runResultSchema } from "../result/schema.ts";
import type { RunResult } from "../result/schema.ts";
import { likelyFile } from "./other-file.ts";

/**
 * Keys reports cannot do without. Others may be missing: the format grows within a version, and a file may be older
 * than the key, or newer than this program.
 */
const indispensable: ReadonlySet<string> = new Set([
  "windtunnel_version",
  "digest",
  "semantics",
  "engine",
  "mode",
  "trace",
  "config",
  "warnings",
  "num_requests",
  "completed_requests",
  "rejected_requests",
  "failed_requests",
  "incomplete_requests",
  "ended_early",
  "duration_ms",
  "request_throughput_rps",
  "output_throughput_tok_s",
  "prefix_cache_reused_ratio",
  "aiperf_itl_ms",
  "sla",
  "prefill_gpus_per_worker",
  "decode_gpus_per_worker",
  "gpu_hours",
  "wall_time_ms",
  "scaling_events",
  "planner",
  "workers",
  "timeline",
  "distributions",
  "scatter",
  "worst_requests",
]);
/** Keys further in that came later. */
const addedWithin = /^(timeline\.(overview|context_tokens)|planner\.ticks\.\d+\.pools\.\w+\.engines)$/;

/** Mistakes told of one file; a file of another kind has hundreds. */
const MOST_TOLD = 5;

/**
 * Reads a result that `windtunnel replay` wrote (.gz too), now or with an older version. Keys that came later than the
 * file are missing from what is returned.
 * @throws ConfigError naming the file and the place of every mistake
 */
export function readResult(path: string): RunResult {
  const fail = (message: string): never => {
    throw new ConfigError([{ where: path, message }]);
  };
  let text: string;
  try {
    const bytes = readFileSync(path);
    const unpacked = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    if (unpacked.length > constants.MAX_STRING_LENGTH) throw new RangeError(tooLarge(unpacked.length));
    text = unpacked.toString("utf8");
  } catch (error) {
    return fail(`cannot read it: ${fileErrorText(error)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(notAResult(path, text) ?? `not JSON: ${(error as Error).message}`);
  }
  const version = (value as { schema_version?: unknown } | null)?.schema_version;
  if (typeof version !== "number") {
    return fail(notAResult(path, text) ?? "not a result of windtunnel replay: it has no schema_version");
  }
  if (version > RESULT_SCHEMA_VERSION) {
    return fail(
      `schema_version: found ${version}, expected at most ${RESULT_SCHEMA_VERSION}; a newer windtunnel wrote this result`,
    );
  }
  // The result schema has no messages of its own.
  config(en());
  const checked = runResultSchema.safeParse(value);
  if (checked.success) return checked.data;
  const issues = checked.error.issues.filter(({ code, path: place }) => {
    if (code === "unrecognized_keys") return false;
    const missing = at(value, place) === undefined;
    const dispensable = place.length === 1 && !indispensable.has(String(place[0]));
    return !(missing && (dispensable || addedWithin.test(place.join("."))));
  });
  if (issues.length === 0) return value as RunResult;
  const told = issues.slice(0, MOST_TOLD).map(({ path: place, message }) => ({
    where: path,
    message: `${place.join(".") || "result"}: ${message} (found ${shown(at(value, place))})`,
  }));
  if (issues.length > MOST_TOLD) told.push({ where: path, message: `and ${issues.length - MOST_TOLD} more mistakes` });
  throw new ConfigError(told);
}

function tooLarge(bytes: number): string {
  const megabytes = (size: number) => `${Math.round(size / 1e6).toLocaleString("en-US")} MB`;
  return `it has ${megabytes(bytes)}, at most ${megabytes(constants.MAX_STRING_LENGTH)} can be read; --report-html of replay writes the page of such a run`;
}

function notAResult(path: string, text: string): string | null {
  const likely = likelyFile(path, text);
  return likely === null ? null : `not a result of windtunnel replay but, it seems, ${likely}`;
}

function at(value: unknown, place: readonly PropertyKey[]): unknown {
  let here = value;
  for (const key of place) here = (here as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return here;
}
