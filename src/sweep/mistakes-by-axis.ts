import type { ConfigProblem } from "../config/config-error.ts";
import type { SweepPoint } from "./sweep-plan.ts";

/** More values than these are told by their number. */
const mostValues = 6;

interface WrongValues {
  readonly where: string;
  readonly found: string[];
  readonly expected: string;
}

/**
 * Mistakes with those of the same kind of one axis in one: a range such as `lin:1:8:20` would fill the screen otherwise.
 * @param problems named by axis, each once
 */
export function byAxis(problems: Iterable<ConfigProblem>, points: readonly SweepPoint[]): ConfigProblem[] {
  const together = new Map<string, WrongValues | ConfigProblem>();
  for (const problem of problems) {
    const [, found, expected] = /^found (.*?), (expected .*)$/s.exec(problem.message) ?? [];
    if (!problem.where.startsWith("--vary ") || found === undefined || expected === undefined) {
      together.set(JSON.stringify(problem), problem);
      continue;
    }
    const key = JSON.stringify([problem.where, expected]);
    const known = together.get(key);
    if (known !== undefined && "found" in known) known.found.push(found);
    else together.set(key, { where: problem.where, found: [found], expected });
  }
  return [...together.values()].map((one) => ("found" in one ? inOne(one, points) : one));
}

function inOne({ where, found, expected }: WrongValues, points: readonly SweepPoint[]): ConfigProblem {
  const fractions = expected.startsWith("expected a whole number") && found.some((value) => /^-?\d*\.\d+$/.test(value));
  const hint = fractions ? wholeNumberHint(where.slice("--vary ".length), points) : "";
  return { where, message: `found ${listed(found)}, ${expected}${hint}` };
}

/** How an axis of whole numbers is written: `lin:`, `log:` and `uniform:` ranges have fractions between their ends. */
function wholeNumberHint(axis: string, points: readonly SweepPoint[]): string {
  const numbers = points.flatMap(({ values }) => (typeof values[axis] === "number" ? [values[axis]] : []));
  const rounded = [...new Set(numbers.map(Math.round))].toSorted((a, b) => a - b);
  const range = `${rounded[0]}:${rounded.at(-1)}:1`;
  const list = rounded.length <= 2 * mostValues ? `${rounded.join(",")} or ` : "";
  return `; write whole numbers, such as ${list}${range} (LOW:HIGH:STEP)`;
}

function listed(values: readonly string[]): string {
  if (values.length === 1) return values[0]!;
  const shown = values.slice(0, values.length > mostValues ? mostValues : -1);
  const rest = values.length > mostValues ? `${values.length - mostValues} more values` : values.at(-1)!;
  return `${shown.join(", ")} and ${rest}`;
}
