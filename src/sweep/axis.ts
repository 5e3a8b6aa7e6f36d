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

/** Reads the part behind the equals sign; `where` names it in errors. */
export function parseRange(text: string, where: string): AxisRange {
  if (text === "") throw new AxisError(`${where}: the range is empty; expected values such as 1,2,3 or 0:300:10`);
  const [name, ...rest] = text.split(":");
  if (name === "uniform" || name === "loguniform") return spanOf(name, rest, where);
  if (name === "lin" || name === "log") return { kind: "values", values: countedRange(name, rest, where) };
  if (rest.length > 0 && text.split(":").every(isNumber)) return { kind: "values", values: steppedRange(text, where) };
  return { kind: "values", values: text.split(",").map((item) => scalar(item.trim(), where)) };
}

function scalar(text: string, where: string): AxisValue {
  if (text === "") throw new AxisError(`${where}: an empty value between commas`);
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  return isNumber(text) ? Number(text) : text;
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function steppedRange(text: string, where: string): number[] {
  const parts = text.split(":").map(Number);
  if (parts.length !== 3) throw new AxisError(`${where}: found "${text}", expected low:high:step`);
  const [low, high, step] = parts as [number, number, number];
  if (!(step > 0)) throw new AxisError(`${where}: the step must be above 0, found ${step}`);
  if (low > high) throw new AxisError(`${where}: the range ${low}:${high} is empty`);
  const count = Math.floor((high - low) / step + 1e-9) + 1;
  checkCount(count, where);
  // Multiplied, not added up, and rounded to the step's own decimals, so that 0.1 steps print as written.
  const decimals = Math.max(decimalsOf(low), decimalsOf(step));
  return Array.from({ length: count }, (_, i) => Number((low + i * step).toFixed(decimals)));
}

function countedRange(name: "lin" | "log", parts: readonly string[], where: string): number[] {
  if (parts.length !== 3 || !parts.every(isNumber)) {
    throw new AxisError(`${where}: found "${name}:${parts.join(":")}", expected ${name}:low:high:count`);
  }
  const [low, high, count] = parts.map(Number) as [number, number, number];
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
  if (parts.length !== 2 || !parts.every(isNumber)) {
    throw new AxisError(`${where}: found "${name}:${parts.join(":")}", expected ${name}:low:high`);
  }
  const [low, high] = parts.map(Number) as [number, number];
  const scale = name === "uniform" ? "linear" : "log";
  checkSpan(low, high, scale === "log", where);
  return { kind: "span", low, high, scale };
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
