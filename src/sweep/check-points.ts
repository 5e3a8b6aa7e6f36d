import { ConfigError, ProblemList, type ConfigProblem } from "../config/config-error.ts";
import { loadDocument } from "../config/document.ts";
import { optionFlag, type ReplayOptions } from "../config/replay-options.ts";
import { resolveReplay } from "../config/resolve-replay.ts";
import { applyPoint, documentOptions } from "./apply-point.ts";
import { AxisError } from "./axis.ts";
import { namedByAxis } from "./axis-problem.ts";
import { byAxis } from "./mistakes-by-axis.ts";
import type { SweepPoint } from "./sweep-plan.ts";

/**
 * Reads the documents among a sweep's base options, so that values can be put into them.
 * @throws ConfigError
 */
export async function withDocuments(base: ReplayOptions): Promise<ReplayOptions> {
  const problems = new ProblemList();
  const options: Record<string, unknown> = { ...base };
  for (const key of Object.values(documentOptions)) {
    const given = base[key];
    if (typeof given === "string") options[key] = await loadDocument(given, `--${optionFlag(key)}`, problems);
  }
  problems.throwIfAny();
  return options as ReplayOptions;
}

/**
 * Checks every value of every axis once, the others at their first value, before anything runs.
 * @throws ConfigError with every mistake found
 */
export async function checkPoints(base: ReplayOptions, points: readonly SweepPoint[]): Promise<void> {
  const seen = new Set<string>();
  const wrong = new Map<string, ConfigProblem>();
  for (const point of points) {
    const fresh = Object.entries(point.values).filter(([key, value]) => !seen.has(JSON.stringify([key, value])));
    if (fresh.length === 0 && seen.size > 0) continue;
    for (const [key, value] of fresh) seen.add(JSON.stringify([key, value]));
    try {
      await resolveReplay(applyPoint(base, point));
    } catch (error) {
      for (const problem of await problemsOf(error)) {
        const named = namedByAxis(problem, point);
        wrong.set(JSON.stringify(named), named);
      }
    }
  }
  if (wrong.size > 0) throw new ConfigError(byAxis(wrong.values(), points));
}

/** @throws the error itself when it is no mistake of the user's */
async function problemsOf(error: unknown): Promise<readonly ConfigProblem[]> {
  if (error instanceof ConfigError) return error.problems;
  if (!(error instanceof AxisError)) throw error;
  if (error.unknownKey === null) return [{ where: "", message: error.message }];
  const { likelyAxis } = await import("./likely-axis.ts");
  return [{ where: "", message: `${error.message}${likelyAxis(error.unknownKey)}` }];
}
