import { editDistance, nearestName } from "../config/nearest-name.ts";
import type { TraceBuilder } from "./trace-builder.ts";
import { quoted } from "./trace-error.ts";

/** Keys that are remembered as bytes; more would make rows slow to look through. */
const mostPassed = 30;
/** Keys that are looked at: rows may use keys as data. */
const mostSeen = 1000;

/**
 * Keys of rows that mean nothing here. Traces carry columns of their own, so they are passed over; but one that resembles
 * a field the row lacks is told of, once.
 */
export class UnknownKeys {
  /** Those known to mean nothing, as they stand in a row, up to their closing quote. */
  readonly passed: Uint8Array[] = [];
  /** The names of each field. */
  readonly #fields: readonly (readonly string[])[];
  readonly #known: ReadonlySet<string>;
  readonly #seen = new Set<string>();

  /** @param fields The names of each field a row may have. */
  constructor(fields: readonly (readonly string[])[]) {
    this.#fields = fields;
    this.#known = new Set(fields.flat());
  }

  /** Looks at the keys of a row that have not been seen yet. */
  look(row: ReadonlyMap<string, unknown>, line: number, builder: TraceBuilder): void {
    for (const key of row.keys()) {
      if (this.#known.has(key) || this.#seen.has(key) || this.#seen.size >= mostSeen) continue;
      this.#seen.add(key);
      // Only what stands in a row letter for letter can be compared there.
      if (this.passed.length < mostPassed && /^[ !#-[\]-~]*$/.test(key)) {
        this.passed.push(new TextEncoder().encode(`${key}"`));
      }
      const field = nearestName(key, this.#lacking(row));
      if (field !== null)
        builder.notePassedOver(line, key, this.#fields.find((names) => names.includes(field))![0]!, field);
    }
  }

  /** ` (...)` for an error about a missing field, when a key of the row resembles one of its names; else nothing. */
  hint(row: ReadonlyMap<string, unknown>, names: readonly string[]): string {
    for (const key of row.keys()) {
      const field = this.#known.has(key) ? null : nearestName(key, names);
      if (field !== null) return keyHint(key, field);
    }
    return "";
  }

  #lacking(row: ReadonlyMap<string, unknown>): string[] {
    return this.#fields.filter((names) => !names.some((name) => row.has(name))).flat();
  }
}

/** What an error about a missing field says of a key that resembles it. */
function keyHint(key: string, field: string): string {
  return ` (found "${quoted(key)}": did you mean "${field}"?)`;
}

/**
 * The same where it is not known which keys of a row mean something: only for a key that is the beginning of the missing
 * one's name or longer by an ending, or that differs by two letters at most.
 */
export function hintFrom(keys: readonly string[], missing: string): string {
  const near = keys.find(
    (key) => key.length > 4 && (key.startsWith(missing) || missing.startsWith(key) || editDistance(key, missing) <= 2),
  );
  return near === undefined ? "" : keyHint(near, missing);
}
