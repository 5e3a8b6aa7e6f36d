import { gunzipSync, gzipSync } from "node:zlib";
import { resultJson } from "../report/result-json.ts";
import type { RunResult } from "../result/schema.ts";

/** A full result for the way from a worker to its sweep. */
export function packResult(result: RunResult): Uint8Array {
  return gzipSync(Buffer.concat(Array.from(resultJson(result), (piece) => Buffer.from(piece))), { level: 1 });
}

/** The full result a worker sent, or why it cannot be had: asking again would not help. */
export function unpackResult(packed: Uint8Array): RunResult | string {
  try {
    return JSON.parse(gunzipSync(packed).toString()) as RunResult;
  } catch (error) {
    return `its full result cannot be read (${(error as Error).message}); leave --keep-results out`;
  }
}
