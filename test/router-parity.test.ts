import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { ProblemList } from "../src/config/config-error.ts";
import { validatePolicyConfig } from "../src/config/policy-profile-config.ts";
import { kvRouterDefaults } from "../src/router/kv-router-settings.ts";
import type { RunConfig } from "../src/simulation/run-config.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import { differences, rowsOf, sortRows, type GoldenRow } from "./golden-case.ts";
import { GoldenChoices } from "./golden-choice.ts";
import { replayConfig } from "./replay-arguments.ts";
import { resultOf } from "./result-of.ts";
import { routerCases, type RouterCase } from "./router-case.ts";

/**
 * What ai-dynamo 1.4.2 made of the cases of `router-case.ts`, a row a request: arrival, admission, first and last token
 * (ms), input, output and reused tokens, prefill and decode worker.
 */
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "router-decisions.json"), "utf8")) as (
  | number
  | null
)[][][];

function rowOf(cells: readonly (number | null)[]): GoldenRow {
  return {
    arrivalMs: cells[0]!,
    admitMs: cells[1]!,
    firstTokenMs: cells[2]!,
    lastTokenMs: cells[3]!,
    inputLength: cells[4]!,
    outputLength: cells[5]!,
    reusedTokens: cells[6]!,
    prefillWorker: cells[7] ?? -1,
    worker: cells[8] ?? -1,
    status: "completed",
  };
}

function traceOf({ rows }: RouterCase) {
  const stdin = Readable.from([Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""))]);
  return openTrace("-", { stdin, traceBlockSize: 64 });
}

function configOf({ args, router, policy }: RouterCase, semantics: RunConfig["semantics"]): RunConfig {
  const config = replayConfig([...args, "--router-mode", "kv_router", "--router-config", router], semantics);
  if (policy === undefined) return config;
  const problems = new ProblemList();
  const { profile } = validatePolicyConfig(policy, "policy", null, problems)!;
  problems.throwIfAny();
  return { ...config, kvRouter: { ...(config.kvRouter ?? kvRouterDefaults), policy: profile! } };
}

describe("the router's decisions equal the reference's", () => {
  it.each(routerCases.map((each, index) => [each.name, each, recorded[index]!] as const))(
    "%s",
    async (_, routerCase, cells) => {
      const golden = sortRows(cells.map(rowOf));
      const trace = await traceOf(routerCase);
      const choices = new GoldenChoices(trace, golden);
      const outcome = simulate(trace, { ...configOf(routerCase, "dynamo-1.4"), targetChoice: choices.byRole });
      expect(choices.violations).toEqual([]);
      expect(differences(golden, rowsOf(outcome))).toEqual([]);
    },
  );
});

describe("the same seed", () => {
  it.each(
    routerCases.flatMap((each) =>
      (["current", "dynamo-1.4"] as const).map((rules) => [each.name, rules, each] as const),
    ),
  )("gives the same result (%s; %s)", async (_, semantics, routerCase) => {
    const run = async (temperature: number) => {
      const config = configOf(routerCase, semantics);
      const settings = { ...config.kvRouter!, temperature };
      const drawn = { ...config, kvRouter: settings, seed: 7 };
      return resultOf(simulate(await traceOf(routerCase), drawn), drawn).digest;
    };
    for (const temperature of [0, 0.5]) expect(await run(temperature)).toBe(await run(temperature));
  });
});
