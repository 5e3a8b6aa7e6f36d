import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { moduleFiles } from "./module-files.ts";
import { policyModuleDigest } from "./policy-module.ts";
import { runKey } from "./sweep-task.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-modules-"));

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const places = (path: string) => moduleFiles(path).map(([place]) => place);

/** A policy that reaches each of these files in its own way. */
const policy = file(
  "policy.mjs",
  `import { a } from "./lib/a.mjs";
export * from "./lib/re-exported.js";
import "./side-effect.mjs";
import limits from "./limits.json" with { type: "json" };
const late = await import("./lib/late.mjs");
import fs from "node:fs";
import zod from "zod";
// import "./commented.mjs"
const text = 'import "./quoted.mjs"';
const unknown = await import("./" + text);
`,
);
const imported = {
  "lib/a.mjs": 'import { b } from "../b.mjs"; export { c } from "./c%20d.mjs"; import "../policy.mjs";',
  "lib/re-exported.js": "",
  "side-effect.mjs": "",
  "limits.json": '{"most":3}',
  "lib/late.mjs": "",
  "b.mjs": 'import "./b.mjs"; import "./gone.mjs";',
  "lib/c d.mjs": "",
};
for (const [name, text] of Object.entries(imported)) file(name, text);
file("commented.mjs", "");
file("quoted.mjs", "");

test("a module's files are those it imports, theirs too, each once and whether or not it is there", () => {
  expect(places(policy)).toEqual(["policy.mjs", ...Object.keys(imported), "gone.mjs"]);
  expect(moduleFiles(policy).at(-1)).toEqual(["gone.mjs", null]);
});

describe("a run is another one when a file its policy imports has another content:", () => {
  test.each(Object.entries(imported))("%s", (name, text) => {
    const options = { policy };
    const before = runKey(options, "workload");
    file(name, `${text} `);
    expect(runKey(options, "workload")).not.toBe(before);
    file(name, text);
    expect(runKey(options, "workload")).toBe(before);
  });
});

test("where the module's folder lies does not matter", () => {
  const copy = mkdtempSync(join(tmpdir(), "windtunnel-modules-"));
  cpSync(folder, copy, { recursive: true });
  expect(policyModuleDigest(join(copy, "policy.mjs"))).toBe(policyModuleDigest(policy));
  symlinkSync(policy, join(copy, "link.mjs"));
  expect(policyModuleDigest(join(copy, "link.mjs"))).toBe(policyModuleDigest(policy));
});

test("what is no JavaScript, or not there, has no imports", () => {
  expect(places(file("broken.mjs", 'import "./b.mjs"; const x = {'))).toEqual(["broken.mjs"]);
  expect(policyModuleDigest(join(folder, "absent.mjs"))).toBeNull();
  expect(places(file("types.mts", 'import type { A } from "./a.ts"; export default (a: A): A => a;'))).toEqual([
    "types.mts",
    "a.ts",
  ]);
});
