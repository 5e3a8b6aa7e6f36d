import type { ReplayOptions } from "../config/replay-options.ts";
import { nearestName } from "../config/nearest-name.ts";
import { AxisError, type AxisValue } from "./axis.ts";
import type { SweepPoint } from "./sweep-plan.ts";

/** The documents of a replay by what axes call them, and the option that holds each. */
export const documentOptions = {
  engine: "extraEngineArgs",
  prefill: "prefillEngineArgs",
  decode: "decodeEngineArgs",
  planner: "plannerConfig",
  router: "routerConfig",
  client: "clientConfig",
  fault: "faultConfig",
  policy_config: "policyConfig",
} as const satisfies Readonly<Record<string, keyof ReplayOptions>>;

const roots = [...Object.keys(documentOptions), "run", "policy"];

/** A value of a point and the places among the options that it goes to, an option and the keys within it each. */
interface Setting {
  readonly key: string;
  readonly value: AxisValue;
  readonly places: ReadonlyArray<readonly [string, ...string[]]>;
}

/**
 * The options of one run of a sweep: the base with the point's values put in. `engine.X` reaches both pools of a
 * disaggregated run, where `prefill.X` and `decode.X` go before it; `run.X` is an option of `windtunnel replay` by its flag
 * (run.num_workers or run.num-workers); deeper fields are reached with further dots (engine.sglang.page_size). Documents
 * must be objects already.
 * @throws AxisError for a key that leads nowhere, or where another one leads
 */
export function applyPoint(base: ReplayOptions, point: SweepPoint): ReplayOptions {
  const options = structuredClone(base) as Record<string, unknown>;
  const hasPools = options["prefillEngineArgs"] !== undefined;
  const settings = Object.entries(point.values).map(([key, value]) => ({
    key,
    value,
    places: placesOf(key, hasPools),
  }));
  checkApart(settings);
  for (const { key, value, places } of settings.toSorted((a, b) => b.places.length - a.places.length)) {
    for (const place of places) put(options, place, value, key);
  }
  if (point.repeat > 0) {
    options["seed"] = (typeof options["seed"] === "number" ? options["seed"] : 42) + point.repeat;
    options["arrivalSeed"] = (typeof options["arrivalSeed"] === "number" ? options["arrivalSeed"] : 42) + point.repeat;
  }
  return options as ReplayOptions;
}

function placesOf(key: string, hasPools: boolean): Setting["places"] {
  const [root, ...path] = key.split(".");
  if (root === "policy" && path.length === 0) return [["policy"]];
  if (root === "run" && path.length === 1) return [[camelCase(path[0]!)]];
  if (root === undefined || !Object.hasOwn(documentOptions, root) || path.length === 0 || path.includes("")) {
    const near = nearestName(root ?? "", roots);
    const hint = near === null || near === root ? "" : ` (did you mean "${near}.…"?)`;
    throw new AxisError(
      `--vary ${key}: expected ${roots.slice(0, -1).join(".X, ")}.X or policy${hint}`,
      hint === "" ? key : null,
    );
  }
  // No document has such a key, and setting it would reach into every object.
  if (path.includes("__proto__")) throw new AxisError(`--vary ${key}: unknown key "__proto__"`);
  const pools =
    root === "engine" && hasPools ? (["prefill", "decode"] as const) : [root as keyof typeof documentOptions];
  return pools.map((pool) => [documentOptions[pool], ...path]);
}

/** One of two values for the same place would be lost. What reaches both pools loses to one of a single pool knowingly. */
function checkApart(settings: readonly Setting[]): void {
  for (const [i, one] of settings.entries()) {
    const same = settings
      .slice(i + 1)
      .find(
        (other) => other.places.length === one.places.length && other.places.some((place) => meet(place, one.places)),
      );
    if (same !== undefined) {
      throw new AxisError(`--vary ${one.key} and --vary ${same.key} set the same; vary one of them`);
    }
  }
}

/** Whether a place is one of the others, within one of them or around it. */
function meet(place: readonly string[], others: ReadonlyArray<readonly string[]>): boolean {
  return others.some((other) => other.slice(0, place.length).every((step, i) => step === place[i]));
}

function put(options: Record<string, unknown>, place: Setting["places"][number], value: AxisValue, key: string): void {
  let at = options;
  for (const [i, name] of place.slice(0, -1).entries()) {
    const inner = (Object.hasOwn(at, name) ? at[name] : undefined) ?? {};
    if (typeof inner !== "object" || Array.isArray(inner)) {
      const steps = key.split(".").slice(0, i + 1);
      throw new AxisError(`--vary ${key}: ${steps.join(".")} is not an object`);
    }
    at[name] = inner;
    at = inner as Record<string, unknown>;
  }
  at[place.at(-1)!] = value;
}

function camelCase(flag: string): string {
  return flag.replaceAll(/[-_]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
