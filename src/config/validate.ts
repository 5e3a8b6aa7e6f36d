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
  /** Of a value that may have one of several forms: what each of them finds wrong. */
  readonly errors?: readonly (readonly Issue[])[];
  /** The type a value should have had. */
  readonly expected?: string;
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
  const meant = meantForm(issue);
  if (meant !== null) {
    for (const inner of meant)
      report({ ...inner, path: [...issue.path, ...inner.path] }, schema, root, where, problems);
    return;
  }
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
  const allowed = issue.message === NO_MESSAGE ? `expected ${allowedBy(issue)}` : issue.message;
  const expected = isFinite ? allowed : allowed.replace("expected a number", "expected a finite number");
  const names = (issue.values ?? []).filter((name) => typeof name === "string");
  // A short list speaks for itself.
  const near = typeof found === "string" && names.length > SHORT_LIST ? suggestion(found, names) : "";
  problems.add(place(where, path), `found ${shown(found)}, ${expected}${near}`);
}

/** What zod says of a block without a message of its own. */
const NO_MESSAGE = "Invalid input";

const typeWords: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "text",
};

/** What a block without a message of its own allows: its type, its values, or that of each of its forms. */
function allowedBy({ code, expected = "", values, errors }: Issue): string {
  if (code === "invalid_type") return typeWords[expected] ?? expected;
  if (code === "invalid_value") return (values ?? []).map((value) => shown(value)).join(" or ");
  const forms = (errors ?? []).flatMap((issues) => issues.filter(({ path }) => path.length === 0).map(allowedBy));
  return forms.length === 0 ? "another value" : [...new Set(forms)].join(" or ");
}

/** The mistakes in the one form that a value is of, though not a right one; null where it is of none or of several. */
function meantForm({ errors, code }: Issue): readonly Issue[] | null {
  if (code !== "invalid_union" || errors === undefined) return null;
  const alike = errors.filter((issues) => issues.every(({ path, keys }) => path.length > 0 || keys !== undefined));
  return alike.length === 1 && alike[0]!.length > 0 ? alike[0]! : null;
}

/** Flag and path: `--extra-engine-args sglang.page_size`, `--policy-config metrics[0].name`. */
export function place(where: string, path: readonly string[]): string {
  const steps = path.map((key, at) => (/^\d+$/.test(key) ? `[${key}]` : at === 0 ? key : `.${key}`));
  return [where, steps.join("")].filter((part) => part !== "").join(" ");
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root);
}

/** Keys of the object schemas at a path; wrappers, lists and choices between forms are looked through. */
function keysAt(schema: unknown, path: readonly string[]): string[] {
  let at = forms(schema);
  for (const key of path)
    at = at.flatMap(({ def }) => [def.shape?.[key], def.element, def.valueType].flatMap((inner) => forms(inner)));
  return [...new Set(at.flatMap(({ def }) => Object.keys(def.shape ?? {})))];
}

interface SchemaNode {
  readonly def: {
    readonly shape?: Record<string, unknown>;
    readonly innerType?: unknown;
    readonly element?: unknown;
    readonly valueType?: unknown;
    readonly options?: readonly unknown[];
    readonly in?: unknown;
  };
}

/** The schemas a value may be of, without what is wrapped around them. */
function forms(schema: unknown): SchemaNode[] {
  const node = schema as SchemaNode | undefined;
  if (node === undefined) return [];
  const { innerType, options, in: first } = node.def;
  if (innerType !== undefined) return forms(innerType);
  if (options !== undefined) return options.flatMap(forms);
  return first === undefined ? [node] : forms(first);
}
