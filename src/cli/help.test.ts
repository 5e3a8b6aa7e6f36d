import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, runCli, scratchFolder, smallTrace } from "../../test/run-cli.ts";
import { parseReplayCommandLine } from "./replay-command-line.ts";
import { parseSweepCommandLine } from "./sweep-command-line.ts";

const help = async (...command: string[]) => {
  const { code, stdout, stderr } = await runCli([...command, "--help"], { cwd: scratchFolder() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
};
/** Its lines under Examples, as words; without comments and what stands behind a pipe. */
const examplesOf = (text: string) =>
  [...text.matchAll(/windtunnel (\w+ .*)/g)]
    .map(([, line]) => line!.split(/ #| \|/)[0]!)
    .filter((line) => line.includes("--"))
    .map((line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!));

describe("help", () => {
  test("of replay has examples that are command lines, and pointers to schemas", async () => {
    const text = await help("replay");
    const examples = examplesOf(text.split("Examples:")[1]!);
    expect(examples).toHaveLength(4);
    for (const [name, ...args] of examples) {
      expect(name).toBe("replay");
      expect(parseReplayCommandLine(args)).toHaveProperty("trace");
    }
    expect(text).not.toContain('(default: "');
  });

  test("of sweep and recommend leaves out what they refuse", async () => {
    const [sweep, recommend] = await Promise.all([help("sweep"), help("recommend")]);
    for (const text of [sweep, recommend]) {
      expect(text).toContain("--extra-engine-args");
      expect(text).not.toMatch(/--report-|\(default: "|\[\]/);
    }
    const [first, second] = examplesOf(sweep.split("Examples:")[1]!);
    expect(await parseSweepCommandLine(second!.slice(1))).toMatchObject({
      design: { axes: [{ key: "run.num_workers" }] },
    });
    expect(first).toContain("--vary");
  });

  test("of schema says what each name is for, router included", async () => {
    expect(await help("schema")).toContain("router       --router-config");
    const { stdout } = await runCli(["schema", "router"], { cwd: scratchFolder() });
    expect(JSON.parse(stdout)).toMatchObject({ properties: { router_temperature: { type: "number" } } });
  });
});

const failing = "export default { firstTickSeconds: () => 0.01, onTick() { throw new Error('no idea'); } };";

test("--quiet still tells why a run failed", async () => {
  const cwd = folderWith({ "trace.jsonl": smallTrace, "p.mjs": failing });
  const { code, stdout, stderr } = await runCli(
    ["replay", "trace.jsonl", "--policy", "./p.mjs", "--quiet", "--report-json", "r.json"],
    { cwd },
  );
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: "",
    stderr: "windtunnel: ended early: the policy's onTick failed: no idea\n",
  });
  expect(JSON.parse(readFileSync(join(cwd, "r.json"), "utf8"))).toHaveProperty("ended_early.kind", "planner_error");
});

test("a policy that is no JavaScript is told what to do", async () => {
  const cwd = folderWith({
    "trace.jsonl": smallTrace,
    "p.py": "def policy(): pass",
    "p.ts": `const a: object = {}; ${failing}`,
  });
  const run = (policy: string) => runCli(["replay", "trace.jsonl", "--policy", policy, "--quiet"], { cwd });
  const [python, typescript] = await Promise.all([run("./p.py"), run("p.ts")]);
  expect(python).toMatchObject({ code: 2 });
  expect(python.stderr).toContain("./p.py: expected a JavaScript module (.js, .mjs), or TypeScript with Node 22.18");
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  if (major > 22 || (major === 22 && minor >= 18)) expect(typescript.stderr).toContain("no idea");
  else expect(typescript.stderr).toContain("npx esbuild p.ts --bundle --format=esm --platform=node --outfile=p.mjs");
});

test("shards put together without one of them say so", async () => {
  const cwd = folderWith();
  const sweep = ["sweep", "trace.jsonl", "--vary", "run.num_workers=1:4:1", "--quiet", "--parallel", "1"];
  for (const shard of [1, 2]) await runCli([...sweep, "--shard", `${shard}/2`, "--out", `s${shard}`], { cwd });
  const whole = await runCli(["sweep", "merge", "s1", "s2", "--out", "all"], { cwd });
  expect(whole).toMatchObject({ code: 0, stderr: "" });
  const part = await runCli(["sweep", "merge", "s1", "--out", "part"], { cwd });
  expect(part).toMatchObject({
    code: 0,
    stdout: "2 runs done, 0 failed\nSaved results to: part (page: part/index.html)\n",
  });
  expect(part.stderr).toBe("note: run 1 is missing: the folder of a shard was left out, or its sweep has not ended\n");
  expect(existsSync(join(cwd, "part/index.html"))).toBe(true);
});
