import type { ConfigProblem } from "../config/config-error.ts";
import { optionFlag } from "../config/replay-options.ts";
import { documentOptions } from "./apply-point.ts";
import type { SweepPoint } from "./sweep-plan.ts";

/** A mistake of a point's settings, by the axis it comes from where it is the value of one. */
export function namedByAxis(problem: ConfigProblem, { values }: SweepPoint): ConfigProblem {
  const unknown = /^unknown key "([^"]*)"/.exec(problem.message)?.[1];
  const where =
    unknown === undefined ? problem.where : `${problem.where}${problem.where.includes(" ") ? "." : " "}${unknown}`;
  const option = /^unknown option "([^"]*)"(.*)$/.exec(problem.message);
  const run = Object.keys(values).find((axis) => option !== null && axis === `run.${flagLike(option[1]!)}`);
  if (run !== undefined) return { where: `--vary ${run}`, message: `unknown option${flagLike(option![2]!)}` };
  const key = Object.keys(values).find((axis) => reaches(axis, where));
  if (key === undefined) return problem;
  const value = values[key];
  const span = typeof value === "string" && /^[\d.]+ *(-|\.\.+|to) *[\d.]+$/.test(value);
  const hint = span ? "; a range is LOW:HIGH:STEP, such as 0:300:10" : "";
  return { where: `--vary ${key}`, message: `${problem.message}${hint}` };
}

/** Names of options from code as sweeps have them: numWorkers is num_workers. */
function flagLike(text: string): string {
  return text.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Whether an axis sets what an error calls `--num-workers` or `--extra-engine-args sglang.page_size`. */
function reaches(axis: string, where: string): boolean {
  const [flag, path] = where.split(" ", 2) as [string, string?];
  const dot = axis.indexOf(".");
  const root = axis.slice(0, Math.max(0, dot));
  if (path !== undefined) return axis.slice(dot + 1) === path && flagsOf(root).includes(flag);
  return flag === `--${(root === "run" ? axis.slice(dot + 1) : axis).replaceAll("_", "-")}`;
}

/** Flags of the documents that axes with this beginning lead into. */
function flagsOf(root: string): string[] {
  if (!Object.hasOwn(documentOptions, root)) return [];
  const { engine, prefill, decode } = documentOptions;
  const options =
    root === "engine" ? [engine, prefill, decode] : [documentOptions[root as keyof typeof documentOptions]];
  return options.map((option) => `--${optionFlag(option)}`);
}
