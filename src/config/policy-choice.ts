import { defaultPolicy, isModulePath, policyLoaders, policyNames } from "../planner/policies.ts";
import type { PolicyDefinition } from "../planner/policy-definition.ts";
import { ProblemList, shown } from "./config-error.ts";
import { suggestion } from "./nearest-name.ts";
import type { PlannerSettings } from "./planner-config.ts";
import { place, validate } from "./validate.ts";

/** The policy of a run: the Dynamo planner, a built-in one, or a module of the user's. */
export type PolicyChoice =
  | { readonly kind: "dynamo" }
  | { readonly kind: "built-in"; readonly name: string; readonly definition: PolicyDefinition; readonly knobs: Knobs }
  | { readonly kind: "module"; readonly path: string; readonly where: string; readonly knobs: Knobs };

interface Knobs {
  /** As given; {} without any. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Flag and path of a key of theirs ("" = of all of them), for messages. */
  readonly place: (key: string) => string;
}

/** What was given on the command line beside the planner configuration; null = nothing. */
export interface PolicyFlags {
  readonly policy: string | null;
  /** Already read from JSON or YAML. */
  readonly policyConfig: unknown;
}

/**
 * Picks the policy: `--policy` goes before `policy` of the planner configuration, `--policy-config` before its
 * `policy_config`. Knobs of built-in policies are checked against their schema.
 * @returns null after a mistake; it is in `problems`
 */
export async function choosePolicy(
  flags: PolicyFlags,
  settings: Pick<PlannerSettings, "policy" | "policyConfig">,
  problems: ProblemList,
): Promise<PolicyChoice | null> {
  const name = flags.policy ?? settings.policy ?? defaultPolicy;
  const where = flags.policy === null ? "--planner-config policy" : "--policy";
  const fromFlag = flags.policyConfig !== null && flags.policyConfig !== undefined;
  const knobs = {
    given: (fromFlag ? flags.policyConfig : settings.policyConfig) as Knobs["given"],
    place: fromFlag
      ? (key: string) => place("--policy-config", [key])
      : flags.policy !== null && Object.keys(settings.policyConfig).length === 0
        ? (key: string) => place("--policy-config", [key])
        : (key: string) => place("--planner-config", key === "" ? ["policy_config"] : ["policy_config", key]),
  };
  if (fromFlag && (typeof knobs.given !== "object" || Array.isArray(knobs.given))) {
    problems.add(knobs.place(""), `found ${shown(knobs.given)}, expected an object`);
    return null;
  }
  if (isModulePath(name)) return { kind: "module", path: name, where, knobs };
  if (name === defaultPolicy) {
    for (const key of Object.keys(knobs.given)) {
      problems.add(knobs.place(key), 'policy "dynamo" takes its settings from the planner configuration itself');
    }
    return { kind: "dynamo" };
  }
  const load = Object.hasOwn(policyLoaders, name) ? policyLoaders[name] : undefined;
  if (load === undefined) {
    problems.add(
      where,
      `unknown policy ${shown(name)}${suggestion(name, policyNames)}; known: ${policyNames.join(", ")}, or the path of a module (with a / or ending in .js, .mjs or .ts)`,
    );
    return null;
  }
  const definition = await load();
  const found = new ProblemList();
  const sound = validate(definition.schema, knobs.given, "", found) !== null;
  for (const problem of found.problems) problems.add(knobs.place(problem.where), problem.message);
  return sound ? { kind: "built-in", name, definition, knobs } : null;
}
