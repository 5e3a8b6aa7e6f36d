import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { PolicyContext } from "../planner/policy.ts";
import { ProblemList } from "./config-error.ts";
import { loadPolicy } from "./load-policy.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-policy-"));
afterAll(() => rmSync(folder, { recursive: true }));

let modules = 0;
async function load(code: string) {
  const path = join(folder, `policy-${modules++}.mjs`);
  writeFileSync(path, code);
  const problems = new ProblemList();
  const planner = await loadPolicy(path, { seed: 7 } as PolicyContext, "--policy", problems);
  return { planner, problems: problems.problems.map(({ message }) => message.replace(folder, "")) };
}

const planner = "{ firstTickSeconds: () => context.seed, onTick: () => ({ replicas: {}, nextTickSeconds: 9 }) }";

it("takes a policy, or a function that makes one for the run, at once or later", async () => {
  for (const code of [
    `const context = { seed: 7 }; export default ${planner};`,
    `export default (context) => (${planner});`,
    `export default async (context) => (${planner});`,
  ]) {
    const loaded = await load(code);
    expect(loaded.problems).toEqual([]);
    expect(loaded.planner!.firstTickSeconds()).toBe(7);
  }
});

it.each([
  [
    "export default { onTick() {} };",
    /gives .*, expected a policy with firstTickSeconds\(\) and onTick\(observation\)/,
  ],
  ["export default { firstTickSeconds: () => 1, onTick: 3 };", /expected a policy with/],
  ["export const policy = 1;", /gives nothing, expected a policy/],
  ["export default () => null;", /gives null, expected a policy/],
  ["export default () => { throw new Error('no\\nway'); };", /^cannot load \/policy-\d+\.mjs: no$/],
  ["export default async () => { throw new Error('too late'); };", /^cannot load .*: too late$/],
  ["import './absent.mjs';", /^cannot load .*: Cannot find module '.*absent\.mjs'/],
])("says what is wrong with %j", async (code, problem) => {
  const loaded = await load(code);
  expect(loaded.planner).toBeNull();
  expect(loaded.problems).toEqual([expect.stringMatching(problem)]);
});

it("says that there is nothing, or a folder", async () => {
  const problems = new ProblemList();
  await loadPolicy(join(folder, "none.mjs"), {} as PolicyContext, "--policy", problems);
  await loadPolicy(`${folder}/`, {} as PolicyContext, "--policy", problems);
  expect(problems.problems.map(({ message }) => message.replace(/^.*: /, ""))).toEqual([
    "no such module",
    "it is a directory",
  ]);
});
