import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { withKeptRecords } from "../planner/kept-records.ts";
import type { Planner } from "../planner/planner.ts";
import type { PolicyContext } from "../planner/policy.ts";
import { shown } from "./config-error.ts";
import type { ProblemList } from "./config-error.ts";
import { statOrNull } from "./document.ts";

/**
 * Loads the policy a module offers: its default export is a `Planner`, or a function that makes one from a
 * `PolicyContext`. The module is code of the user's and runs with their rights.
 * @returns null when it cannot be used; why is in `problems`
 */
export async function loadPolicy(
  path: string,
  context: PolicyContext,
  where: string,
  problems: ProblemList,
): Promise<Planner | null> {
  let offered: unknown;
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
    offered =
      typeof module.default === "function"
        ? await (module.default as (context: PolicyContext) => unknown)(context)
        : module.default;
  } catch (error) {
    // Else it is something the module imports, which the message names.
    const absent = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND" && !existsSync(resolve(path));
    const folder = statOrNull(resolve(path))?.isDirectory() === true;
    const reason = absent
      ? "no such module"
      : folder
        ? "it is a directory"
        : String((error as Error)?.message ?? error);
    problems.add(where, `cannot load ${path}: ${withRemedy(reason, path)}`);
    return null;
  }
  if (isPlanner(offered)) return withKeptRecords(offered);
  problems.add(
    where,
    `the default export of ${path} gives ${shown(offered)}, expected a policy with firstTickSeconds() and onTick(observation), or a function that makes one`,
  );
  return null;
}

/** The first line of why a module does not load; where Node says only that it is no JavaScript, what to do instead. */
function withRemedy(reason: string, path: string): string {
  const line = reason.split("\n")[0]!;
  const file = /^Unknown file extension "\S*" for (.*)$/.exec(line)?.[1];
  if (file === undefined) return line;
  if (!/\.[mc]?ts$/.test(file))
    return "expected a JavaScript module (.js, .mjs), or TypeScript with Node 22.18 or newer";
  const compiled = path.replace(/\.[mc]?ts$/, ".mjs");
  return `Node ${process.versions.node} does not run TypeScript, 22.18 and newer do; or compile it: npx esbuild ${path} --bundle --format=esm --platform=node --outfile=${compiled}`;
}

function isPlanner(offered: unknown): offered is Planner {
  const { onTick, firstTickSeconds } = (offered ?? {}) as Partial<Planner>;
  return typeof onTick === "function" && typeof firstTickSeconds === "function";
}
