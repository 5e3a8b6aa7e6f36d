import { createHash } from "node:crypto";

/** Keys of a result that depend on the machine or the version, not on the run. */
const outsideDigest = new Set([
  "digest",
  "windtunnel_version",
  "wall_time_ms",
  "processed_tokens_per_s",
  "processed_output_tokens_per_s",
]);

/** The value with the keys of every object in code-unit order; arrays keep their order, undefined keys are dropped. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const sorted: Record<string, unknown> = {};
  const source = value as Record<string, unknown>;
  for (const key of Object.keys(source).toSorted()) {
    if (source[key] !== undefined) sorted[key] = sortKeys(source[key]);
  }
  return sorted;
}

/**
 * SHA-256 (hex) of the deterministic content of a result: JSON, sorted keys, no white space. The name of the trace is left
 * out: a file that is renamed, packed or read from standard input gives the same run.
 */
export function resultDigest(result: Readonly<Record<string, unknown>>): string {
  const content = Object.fromEntries(Object.entries(result).filter(([key]) => !outsideDigest.has(key)));
  if (typeof content["trace"] === "object") content["trace"] = { ...content["trace"], name: undefined };
  return createHash("sha256")
    .update(JSON.stringify(sortKeys(content)))
    .digest("hex");
}
