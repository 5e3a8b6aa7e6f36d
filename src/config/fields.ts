import * as z from "zod/mini";

/**
 * Building blocks of the configuration schemas. Every one says in its error what is allowed; what was found is added
 * by `validate`. From zod/mini: a short command must not wait for the whole of zod to load.
 */

interface Bounds {
  readonly min?: number;
  readonly max?: number;
  /** The bounds themselves are not allowed. */
  readonly above?: number;
}

function boundsText({ min, max, above }: Bounds): string {
  if (above !== undefined) return max === undefined ? ` above ${above}` : ` above ${above} and up to ${max}`;
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

function within({ min, max, above }: Bounds) {
  return (value: number) =>
    (min === undefined || value >= min) &&
    (max === undefined || value <= max) &&
    (above === undefined || value > above);
}

/** An integer a double holds exactly. */
export function wholeNumber(bounds: Bounds, description: string) {
  const error = `expected a whole number${boundsText(bounds)}`;
  const tooLarge = `expected a whole number${boundsText({ min: 0, max: Number.MAX_SAFE_INTEGER, ...bounds })}`;
  const check = within(bounds);
  return z
    .number(error)
    .check(
      z.refine((value) => Number.isSafeInteger(value) && check(value), {
        error: ({ input }) => (Number(input) > Number.MAX_SAFE_INTEGER && input !== Infinity ? tooLarge : error),
      }),
    )
    .register(z.globalRegistry, { description: `${description} A whole number${boundsText(bounds)}.` });
}

/** A finite number. */
export function realNumber(bounds: Bounds, description: string) {
  const error = `expected a number${boundsText(bounds)}`;
  return z
    .number(error)
    .check(z.refine(within(bounds), error))
    .register(z.globalRegistry, { description: `${description} A number${boundsText(bounds)}.` });
}

/** true or false. */
export function truth(description: string) {
  return z.boolean("expected true or false").register(z.globalRegistry, { description });
}

/** Text that is not empty. */
export function text(description: string) {
  const error = "expected text";
  return z.string(error).check(z.minLength(1, error)).register(z.globalRegistry, { description });
}

/** One of a few names, written as here; engine arguments are brought to lower case before (`lowerCaseChoices`). */
export function choice<const Names extends readonly [string, ...string[]]>(names: Names, description: string) {
  const error = `expected one of ${names.map((name) => `"${name}"`).join(", ")}`;
  return z.enum(names, error).register(z.globalRegistry, { description });
}

/** The same schema, null allowed: unset. */
export function orNull<Schema extends z.ZodMiniType>(schema: Schema) {
  return z.nullable(schema);
}
