import type { ConfigProblem } from "../config/config-error.ts";
import type { SweepPoint } from "./sweep-plan.ts";

/** A mistake of a point's settings, by the axis it comes from where it is the value of one. */
export function namedByAxis(problem: ConfigProblem, { values }: SweepPoint): ConfigProblem {
  const key = Object.keys(values).find((axis) => reaches(axis, problem.where));
  return key === undefined ? problem : { where: `--vary ${key}`, message: problem.message };
}

/** Whether an axis sets what an error calls `--num-workers` or `--extra-engine-args sglang.page_size`. */
function reaches(axis: string, where: string): boolean {
  const [flag, path] = where.split(" ", 2) as [string, string?];
  const dot = axis.indexOf(".");
  const root = axis.slice(0, Math.max(0, dot));
  if (path !== undefined) return root !== "run" && axis.slice(dot + 1) === path;
  return flag === `--${(root === "run" ? axis.slice(dot + 1) : axis).replaceAll("_", "-")}`;
}
