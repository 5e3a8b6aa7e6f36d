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
  const hash = createHash("sha256");
  for (const piece of sortedJson(content)) hash.update(piece);
  return hash.digest("hex");
}

/** Longer lists are written item by item: the ticks of a long run are more than one string can hold. */
const LONG_LIST = 1_000;

/** The JSON of a value with sorted keys and no white space, in pieces. */
function* sortedJson(value: unknown): Generator<string> {
  if (Array.isArray(value) && value.length > LONG_LIST && typeof value[0] === "object") {
    for (const [place, item] of value.entries()) yield `${place === 0 ? "[" : ","}${compact(item)}`;
    yield "]";
  } else if (isRecord(value) && Object.values(value).some(isRecordOrList)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    for (const [place, key] of keys.toSorted().entries()) {
      yield `${place === 0 ? "{" : ","}${JSON.stringify(key)}:`;
      yield* sortedJson(value[key]);
    }
    yield "}";
  } else yield compact(value);
}

function compact(value: unknown): string {
  return JSON.stringify(sortKeys(value)) ?? "null";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return isRecordOrList(value) && !Array.isArray(value);
}

function isRecordOrList(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
