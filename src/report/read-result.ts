import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { config } from "zod/mini";
import { en } from "zod/locales";
import { ConfigError, shown } from "../config/config-error.ts";
import { fileErrorText } from "../config/document.ts";
import { RESULT_SCHEMA_VERSION, runResultSchema } from "../result/schema.ts";
import type { RunResult } from "../result/schema.ts";

/** Mistakes told of one file; a file of another kind has hundreds. */
const MOST_TOLD = 5;

/**
 * Reads a result that `windtunnel replay` wrote (.gz too).
 * @throws ConfigError naming the file and the place of every mistake
 */
export function readResult(path: string): RunResult {
  const fail = (message: string): never => {
    throw new ConfigError([{ where: path, message }]);
  };
  let text: string;
  try {
    const bytes = readFileSync(path);
    text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
  } catch (error) {
    return fail(`cannot read it: ${fileErrorText(error)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`not JSON: ${(error as Error).message}`);
  }
  const version = (value as { schema_version?: unknown } | null)?.schema_version;
  if (typeof version !== "number") return fail("not a result of windtunnel replay: it has no schema_version");
  if (version > RESULT_SCHEMA_VERSION) {
    return fail(
      `schema_version: found ${version}, expected at most ${RESULT_SCHEMA_VERSION}; a newer windtunnel wrote this result`,
    );
  }
  // The result schema has no messages of its own.
  config(en());
  const checked = runResultSchema.safeParse(value);
  if (checked.success) return checked.data;
  const { issues } = checked.error;
  const told = issues.slice(0, MOST_TOLD).map(({ path: place, message }) => ({
    where: path,
    message: `${place.join(".") || "result"}: ${message} (found ${shown(at(value, place))})`,
  }));
  if (issues.length > MOST_TOLD) told.push({ where: path, message: `and ${issues.length - MOST_TOLD} more mistakes` });
  throw new ConfigError(told);
}

function at(value: unknown, place: readonly PropertyKey[]): unknown {
  let here = value;
  for (const key of place) here = (here as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return here;
}
