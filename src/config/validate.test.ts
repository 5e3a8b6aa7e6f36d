import { describe, expect, test } from "vitest";
import type * as z from "zod/mini";
import { policyLoaders } from "../planner/policies.ts";
import { clientConfigSchema } from "./client-schema.ts";
import { ProblemList } from "./config-error.ts";
import { engineArgsSchema } from "./engine-args-schema.ts";
import { faultConfigSchema } from "./fault-schema.ts";
import { plannerConfigSchema } from "./planner-schema.ts";
import { routerConfigSchema } from "./router-schema.ts";
import { place, validate } from "./validate.ts";

type ObjectSchema = z.ZodMiniType & { readonly def: { readonly shape: Readonly<Record<string, unknown>> } };

const policies = await Promise.all(
  Object.entries(policyLoaders).map(async ([name, load]) => [name, (await load()).schema] as const),
);
const schemas = [
  ["engine", engineArgsSchema],
  ["planner", plannerConfigSchema],
  ["router", routerConfigSchema],
  ["client", clientConfigSchema],
  ["fault", faultConfigSchema],
  ...policies,
] as unknown as [string, ObjectSchema][];

/** Values no key of any document takes all of. */
const values = [{}, [], "zzz", -1, 1e99, null, true, 0, 1.5, Number.NaN, "", [null], { a: 1 }, ["zzz", 7]];

describe("what is told of a wrong value", () => {
  test.each(schemas)("of any key of %s names the key, what was found and what is allowed", (_, schema) => {
    let told = 0;
    for (const key of Object.keys(schema.def.shape)) {
      for (const value of values) {
        const problems = new ProblemList();
        if (validate(schema, { [key]: value }, "--flag", problems) !== null) continue;
        // Keys that are missing beside it are told, too.
        const own = problems.problems.filter(({ where, message }) => `${where} ${message}`.includes(key));
        expect(own, `${key} ${JSON.stringify(value)}`).not.toEqual([]);
        for (const { message } of problems.problems)
          expect(message).toMatch(/^(found .+, expected .+|unknown key ".+)/s);
        told++;
      }
    }
    expect(told).toBeGreaterThan(10);
  });
});

test("places in lists stand in brackets", () => {
  expect(place("--flag", ["metrics", "0", "name"])).toBe("--flag metrics[0].name");
  expect(place("", ["0"])).toBe("[0]");
  expect(place("--flag", [])).toBe("--flag");
});
