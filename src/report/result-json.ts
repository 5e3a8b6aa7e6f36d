import { sortKeys } from "../result/digest.ts";
import type { RunResult } from "../result/schema.ts";

/** A result as a file holds it: sorted keys, indent 2; lists of numbers stay on one line. Ends in a line end. */
export function resultJson(result: RunResult): string {
  return `${indented(sortKeys(result), "")}\n`;
}

function indented(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    if (value.every((item) => typeof item !== "object" || item === null)) return JSON.stringify(value);
    return `[\n${value.map((item) => inner + indented(item, inner)).join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  const lines = entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${indented(item, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}
