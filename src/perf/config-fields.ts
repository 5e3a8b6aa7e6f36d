/** A model's config.json that cannot be used; the message names the key. */
export class ModelConfigError extends Error {
  override readonly name = "ModelConfigError";
}

/** A parsed object whose fields are still to be checked. */
export type Json = Readonly<Record<string, unknown>>;

/** A value as an object, or null. */
export function objectOf(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** The first key present, a number of 0 or more; null when none is. @throws ModelConfigError */
export function optionalNumber(text: Json, keys: readonly string[]): number | null {
  for (const key of keys) {
    const value = text[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== "number" || !(value >= 0 && Number.isFinite(value))) {
      throw new ModelConfigError(`${key}: found ${JSON.stringify(value)}, expected a number`);
    }
    return value;
  }
  return null;
}

/** The first key present, a number above 0. @throws ModelConfigError also when none is */
export function neededNumber(text: Json, keys: readonly string[]): number {
  const value = optionalNumber(text, keys);
  if (value === null) throw new ModelConfigError(`no ${keys.join(" or ")}`);
  if (value === 0) throw new ModelConfigError(`${keys.find((key) => text[key] === 0)}: found 0, expected more`);
  return value;
}
