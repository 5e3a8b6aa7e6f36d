import type { ReplayOptions } from "../config/replay-options.ts";
import { nearestName } from "../config/nearest-name.ts";
import { AxisError, type AxisValue } from "./axis.ts";
import type { SweepPoint } from "./sweep-plan.ts";

/** Where the parts of a key's name lead: to a document among the options, or to the options themselves. */
const documents = {
  engine: "extraEngineArgs",
  prefill: "prefillEngineArgs",
  decode: "decodeEngineArgs",
  planner: "plannerConfig",
  router: "routerConfig",
  client: "clientConfig",
  fault: "faultConfig",
  policy_config: "policyConfig",
} as const;

const roots = [...Object.keys(documents), "run", "policy"];

/**
 * The options of one run of a sweep: the base with the point's values put in. `engine.X` reaches both pools of a
 * disaggregated run; `run.X` is an option of `windtunnel replay` by its flag (run.num_workers or run.num-workers);
 * deeper fields are reached with further dots (engine.sglang.page_size). Documents must be objects already.
 * @throws AxisError for a key that leads nowhere
 */
export function applyPoint(base: ReplayOptions, point: SweepPoint): ReplayOptions {
  const options = structuredClone(base) as Record<string, unknown>;
  for (const [key, value] of Object.entries(point.values)) applyValue(options, key, value);
  if (point.repeat > 0) {
    options["seed"] = (typeof options["seed"] === "number" ? options["seed"] : 42) + point.repeat;
    options["arrivalSeed"] = (typeof options["arrivalSeed"] === "number" ? options["arrivalSeed"] : 42) + point.repeat;
  }
  return options as ReplayOptions;
}

function applyValue(options: Record<string, unknown>, key: string, value: AxisValue): void {
  const [root, ...path] = key.split(".");
  if (root === "policy" && path.length === 0) {
    options["policy"] = value;
    return;
  }
  if (root === "run" && path.length === 1) {
    options[camelCase(path[0]!)] = value;
    return;
  }
  if (root === undefined || !Object.hasOwn(documents, root) || path.length === 0 || path.includes("")) {
    const near = nearestName(root ?? "", roots);
    const hint = near === null || near === root ? "" : ` (did you mean "${near}.…"?)`;
    throw new AxisError(
      `--vary ${key}: expected ${roots.slice(0, -1).join(".X, ")}.X or policy${hint}`,
      hint === "" ? key : null,
    );
  }
  const names = root === "engine" && options["prefillEngineArgs"] !== undefined ? ["prefill", "decode"] : [root];
  for (const name of names) {
    const option = documents[name as keyof typeof documents];
    const document = (options[option] ??= {});
    setPath(document, path, value, key);
  }
}

function setPath(document: unknown, path: readonly string[], value: AxisValue, key: string): void {
  let at = document;
  for (const [i, name] of path.entries()) {
    if (typeof at !== "object" || at === null || Array.isArray(at)) {
      throw new AxisError(`--vary ${key}: ${path.slice(0, i).join(".")} is not an object`);
    }
    // No document has such a key, and setting it would reach into every object.
    if (name === "__proto__") throw new AxisError(`--vary ${key}: unknown key "__proto__"`);
    const object = at as Record<string, unknown>;
    if (i === path.length - 1) object[name] = value;
    else if (Object.hasOwn(object, name)) at = object[name] ??= {};
    else at = object[name] = {};
  }
}

function camelCase(flag: string): string {
  return flag.replaceAll(/[-_]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
