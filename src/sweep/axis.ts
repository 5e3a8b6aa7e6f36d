import { formMistake, isMeantAsRange, isNumber, isRangeName, isWholeRange, rangeMistake } from "./range-form.ts";

/** One varied quantity of a sweep. */
export interface Axis {
  /** What is varied: engine.…, prefill.…, decode.…, planner.…, router.… or run.… (docs/sweeps.md). */
  readonly key: string;
  readonly range: AxisRange;
}

/** The values of an axis: given ones, or a span that sampling draws from. */
export type AxisRange =
  | { readonly kind: "values"; readonly values: readonly AxisValue[] }
  | { readonly kind: "span"; readonly low: number; readonly high: number; readonly scale: "linear" | "log" };

/** What a configuration field may hold. */
export type AxisValue = number | string | boolean | null;

/** A `--vary` that cannot be read; the message names it. */
export class AxisError extends Error {
  override readonly name = "AxisError";
  /** The whole key, where it is one that leads nowhere. */
  readonly unknownKey: string | null;

  constructor(message: string, unknownKey: string | null = null) {
    super(message);
    this.unknownKey = unknownKey;
  }
}

const mostValues = 1_000_000;

/**
 * Reads `KEY=RANGE`. RANGE is one of
 * `a,b,c` (values; JSON scalars, else text) · `low:high:step` (both ends included) · `lin:low:high:count` ·
 * `log:low:high:count` (equal ratios) · `uniform:low:high` and `loguniform:low:high` (drawn from, with --samples).
 * @throws AxisError
 */
export function parseAxis(text: string): Axis {
  const equals = text.indexOf("=");
  if (equals <= 0)
    throw new AxisError(`--vary: found "${text}", expected KEY=RANGE such as engine.startup_time=0:300:10`);
  const key = text.slice(0, equals).trim();
  return { key, range: parseRange(text.slice(equals + 1).trim(), `--vary ${key}`) };
}

/**
 * Reads the part behind the equals sign; `where` names it in errors.
 * @throws AxisError
 */
export function parseRange(text: string, where: string): AxisRange {
  if (text === "") throw new AxisError(`${where}: the range is empty; expected values such as 1,2,3 or 0:300:10`);
  const parts = text.split(":");
  const [name, ...rest] = parts as [string, ...string[]];
  if (name === "uniform" || name === "loguniform") return spanOf(name, rest, where);
  if (name === "lin" || name === "log") return { kind: "values", values: countedRange(name, rest, where) };
  if (parts.length > 1 && parts.every(isNumber)) return { kind: "values", values: steppedRange(parts, where) };
  if (isMeantAsRange(parts)) throw new AxisError(`${where}: ${rangeMistake(parts)}`);
  const items = text.split(",").map((item) => item.trim());
  const range = items.find((item) => isWholeRange(item.split(":")));
  // Alone among texts it may be one: 10:30:00 is a time of day.
  if (range !== undefined && items.some(isNumber)) {
    throw new AxisError(`${where}: found the range "${range}" among values, expected a range alone or values only`);
  }
  return { kind: "values", values: items.map((item) => scalar(item, where)) };
}

function scalar(text: string, where: string): AxisValue {
  if (text === "") throw new AxisError(`${where}: an empty value between commas`);
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  return isNumber(text) ? Number(text) : text;
}

function steppedRange(parts: readonly string[], where: string): number[] {
  const [low, high, step] = numbersOf("low:high:step", parts, where) as [number, number, number];
  if (!(step > 0)) throw new AxisError(`${where}: the step must be above 0, found ${step}`);
  if (low > high) throw new AxisError(`${where}: the range ${low}:${high} is empty`);
  const count = Math.floor((high - low) / step + 1e-9) + 1;
  checkCount(count, where);
  // Multiplied, not added up, and rounded to the step's own decimals, so that 0.1 steps print as written.
  const decimals = Math.max(decimalsOf(low), decimalsOf(step));
  return Array.from({ length: count }, (_, i) => Number((low + i * step).toFixed(decimals)));
}

function countedRange(name: "lin" | "log", parts: readonly string[], where: string): number[] {
  const [low, high, count] = numbersOf(`${name}:low:high:count`, [name, ...parts], where) as [number, number, number];
  if (!Number.isInteger(count) || count < 1)
    throw new AxisError(`${where}: count must be a whole number ≥ 1, found ${count}`);
  checkCount(count, where);
  checkSpan(low, high, name === "log", where);
  const ends = name === "log" ? [Math.log(low), Math.log(high)] : [low, high];
  const value = (i: number) => ends[0]! + (count === 1 ? 0 : ((ends[1]! - ends[0]!) * i) / (count - 1));
  return Array.from({ length: count }, (_, i) =>
    Number((name === "log" ? Math.exp(value(i)) : value(i)).toPrecision(12)),
  );
}

function spanOf(name: "uniform" | "loguniform", parts: readonly string[], where: string): AxisRange {
  const [low, high] = numbersOf(`${name}:low:high`, [name, ...parts], where) as [number, number];
  const scale = name === "uniform" ? "linear" : "log";
  checkSpan(low, high, scale === "log", where);
  return { kind: "span", low, high, scale };
}

/**
 * The numbers of a range of a form such as `lin:low:high:count`.
 * @throws AxisError
 */
function numbersOf(form: string, parts: readonly string[], where: string): number[] {
  const mistake = formMistake(form, parts);
  if (mistake !== null) throw new AxisError(`${where}: ${mistake}`);
  return parts.slice(isRangeName(parts[0]!) ? 1 : 0).map(Number);
}

function checkSpan(low: number, high: number, logarithmic: boolean, where: string): void {
  if (low > high) throw new AxisError(`${where}: the range ${low}:${high} is empty`);
  if (logarithmic && low <= 0) throw new AxisError(`${where}: a logarithmic range must start above 0, found ${low}`);
}

function checkCount(count: number, where: string): void {
  if (count > mostValues) throw new AxisError(`${where}: ${count} values; at most ${mostValues} are allowed`);
}

function decimalsOf(value: number): number {
  const text = String(value);
  const exponent = /e-(\d+)$/.exec(text);
  if (exponent !== null) return Math.min(20, Number(exponent[1]) + (text.split("e")[0]!.split(".")[1]?.length ?? 0));
  return text.split(".")[1]?.length ?? 0;
}
