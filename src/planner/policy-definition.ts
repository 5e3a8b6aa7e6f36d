import * as z from "zod/mini";
import type { DynamoPlannerConfig } from "./dynamo/planner-config.ts";
import type { Planner, PoolName } from "./planner.ts";
import type { PolicyContext } from "./policy.ts";

/** Fields of `policy_config`: blocks of config/fields.ts by key. */
export type KnobShape = Readonly<Record<string, z.ZodMiniType>>;

/** Checked knobs, defaults filled in. */
export type Knobs<Shape extends KnobShape> = { readonly [Key in keyof Shape]: z.infer<Shape[Key]> };

/** Knobs as they hold for a pool: `policy_config.prefill` and `.decode` go before the rest. */
export type KnobsOf<Shape extends KnobShape> = (pool: PoolName) => Knobs<Shape>;

/** What a built-in policy is told: knobs are handed over on their own. */
export interface BuiltInContext extends Omit<PolicyContext, "config"> {
  /** Settings of the planner configuration that only planners of Dynamo's design read. */
  readonly dynamo: DynamoPlannerConfig;
}

/** A mistake between knobs: where in `policy_config`, and what was found and expected. */
export type KnobReport = (key: string, message: string) => void;

/** How a built-in policy is described: its knobs with their defaults, rules between them, and how it is made. */
export interface PolicyDescription<Shape extends KnobShape> {
  /** One line: what it is and whose. */
  readonly title: string;
  readonly shape: Shape;
  readonly defaults: Knobs<Shape>;
  /** Knobs may differ between the pools of a disaggregated run. */
  readonly perPool: boolean;
  /** It works towards `ttft_ms` and `itl_ms` (their defaults, if not given). */
  readonly usesSla?: boolean;
  /** It reads the Dynamo planner's own settings. */
  readonly usesDynamoSettings?: boolean;
  /** Values worth trying of knobs that matter, in order from one extreme to the other; for `windtunnel recommend`. */
  readonly tunable?: { readonly [Key in keyof Shape]?: readonly z.infer<Shape[Key]>[] };
  /** Rules between knobs, or between knobs and the run; called for every pool. */
  readonly check?: (knobs: Knobs<Shape>, pool: PoolName, context: BuiltInContext, report: KnobReport) => void;
  readonly create: (knobsOf: KnobsOf<Shape>, context: BuiltInContext) => Planner;
}

type Given = Readonly<Record<string, unknown>>;

/** A built-in policy, its knobs' types forgotten. `given` has passed `schema`. */
export interface PolicyDefinition {
  readonly title: string;
  /** Of `policy_config`; every key may be absent. */
  readonly schema: z.ZodMiniType;
  readonly defaults: Given;
  readonly tunable: Readonly<Record<string, readonly unknown[]>>;
  readonly usesSla: boolean;
  readonly usesDynamoSettings: boolean;
  readonly check: (given: Given, context: BuiltInContext, report: KnobReport) => void;
  readonly create: (given: Given, context: BuiltInContext) => Planner;
}

/** Makes a definition of a description. */
export function definePolicy<Shape extends KnobShape>(description: PolicyDescription<Shape>): PolicyDefinition {
  const { title, shape, defaults, perPool, check, create } = description;
  const fields: Record<string, z.ZodMiniType> = {};
  for (const [key, field] of Object.entries(shape)) fields[key] = z._default(field, defaults[key] as never);
  if (perPool) {
    const own = Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, z.optional(field)]));
    for (const pool of ["prefill", "decode"]) fields[pool] = z.optional(z.strictObject(own, "expected an object"));
  }
  const knobsOf =
    (given: Given): KnobsOf<Shape> =>
    (pool) => {
      const { prefill, decode, ...all } = given as { prefill?: Given; decode?: Given };
      const own = pool === "prefill" ? prefill : pool === "decode" ? decode : undefined;
      return { ...defaults, ...all, ...own };
    };
  return {
    title,
    schema: z.strictObject(fields, "expected an object"),
    defaults,
    tunable: (description.tunable ?? {}) as Readonly<Record<string, readonly unknown[]>>,
    usesSla: description.usesSla ?? false,
    usesDynamoSettings: description.usesDynamoSettings ?? false,
    check: (given, context, report) => {
      checkPoolNames(given, context, report);
      if (check === undefined) return;
      for (const { name } of context.pools) {
        const own = given[name] as Given | undefined;
        check(knobsOf(given)(name), name, context, (key, message) =>
          report(own !== undefined && key in own ? `${name}.${key}` : key, message),
        );
      }
    },
    create: (given, context) => create(knobsOf(given), context),
  };
}

function checkPoolNames(given: Given, context: BuiltInContext, report: KnobReport): void {
  const names = context.pools.map(({ name }) => name);
  for (const pool of ["prefill", "decode"] as const) {
    if (given[pool] === undefined || names.includes(pool)) continue;
    report(pool, `found settings of a ${pool} pool, expected none: this run is aggregated`);
  }
}
