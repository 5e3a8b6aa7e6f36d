import type * as z from "zod/mini";
import { shown } from "./config-error.ts";
import type { ProblemList } from "./config-error.ts";
import { suggestion } from "./nearest-name.ts";

/** Keys of an object an error lists at most. */
const MOST_LISTED = 24;

const SHORT_LIST = 4;

/** The parts of a zod issue the messages are made of. */
interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
  readonly keys?: readonly string[];
  /** The names a choice allows. */
  readonly values?: readonly unknown[];
}

/**
 * Checks a value against a schema of `fields.ts` blocks and reports every mistake with its place, what was found and
 * what is allowed.
 * @param where flag the value came from
 * @returns the value, or null when there were mistakes
 */
export function validate<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  where: string,
  problems: ProblemList,
): z.infer<Schema> | null {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues as Issue[]) report(issue, schema, value, where, problems);
  return null;
}

function report(issue: Issue, schema: unknown, root: unknown, where: string, problems: ProblemList): void {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path);
    for (const key of issue.keys ?? []) {
      const near = suggestion(key, known);
      const all =
        near === "" && known.length > 0 && known.length <= MOST_LISTED ? `; known are ${known.join(", ")}` : "";
      problems.add(place(where, path), `unknown key "${key}"${near}${all}`);
    }
    return;
  }
  const found = issue.input === undefined ? valueAt(root, path) : issue.input;
  const isFinite = typeof found !== "number" || Number.isFinite(found);
  const expected = isFinite ? issue.message : issue.message.replace("expected a number", "expected a finite number");
  const names = (issue.values ?? []).filter((name) => typeof name === "string");
  // A short list speaks for itself.
  const near = typeof found === "string" && names.length > SHORT_LIST ? suggestion(found, names) : "";
  problems.add(place(where, path), `found ${shown(found)}, ${expected}${near}`);
}

/** Flag and path: `--extra-engine-args sglang.page_size`. */
export function place(where: string, path: readonly string[]): string {
  return [where, path.join(".")].filter((part) => part !== "").join(" ");
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root);
}

/** Keys of the object schema at a path; optional, nullable and default wrappers are looked through. */
function keysAt(schema: unknown, path: readonly string[]): string[] {
  let at = unwrap(schema);
  for (const key of path) at = unwrap(at?.def.shape?.[key]);
  return Object.keys(at?.def.shape ?? {});
}

interface SchemaNode {
  readonly def: { readonly shape?: Record<string, unknown>; readonly innerType?: unknown };
}

function unwrap(schema: unknown): SchemaNode | undefined {
  let node = schema as SchemaNode | undefined;
  while (node?.def.innerType !== undefined) node = node.def.innerType as SchemaNode;
  return node;
}
