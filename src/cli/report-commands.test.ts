import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli, scratchFolder } from "../../test/run-cli.ts";

const fixture = join(import.meta.dirname, "../../test/fixtures/result-v1.json");
const gpuHours = String((JSON.parse(readFileSync(fixture, "utf8")) as { gpu_hours: number }).gpu_hours);

function folderWithResult(): string {
  const cwd = scratchFolder();
  for (const name of ["a.json", "b.json"]) copyFileSync(fixture, join(cwd, name));
  writeFileSync(join(cwd, "bell.json"), "\u001B[31mred");
  return cwd;
}

describe("windtunnel report", () => {
  test("writes the page beside the result, or where it is told", async () => {
    const cwd = folderWithResult();
    expect(await runCli(["report", "a.json"], { cwd })).toMatchObject({ code: 0, stdout: "HTML report: a.html\n" });
    expect(readFileSync(join(cwd, "a.html"), "utf8")).toContain(`GPU hours: ${gpuHours}<`);
    expect((await runCli(["report", "a.json", "--html", "x/y.html"], { cwd })).code).toBe(0);
    expect(existsSync(join(cwd, "x/y.html"))).toBe(true);
  });

  test.each([
    [["report"], "missing required argument 'result'"],
    [["report", "none.json"], "none.json: cannot read it: no such file or directory"],
    [["report", "a.json", "b.json"], "too many arguments"],
    [["report", "bell.json"], "bell.json: not JSON: Unexpected token '\uFFFD', \"\uFFFD[31mred\" is not valid JSON"],
    [["report", "a.json", "--htm", "x"], "unknown option '--htm'"],
    [["compare", "a.json"], "compare needs two results or more; found 1"],
  ])("%j is told in a line", async (args, message) => {
    const { code, stderr } = await runCli(args, { cwd: folderWithResult() });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("windtunnel compare", () => {
  test("prints the table and writes the page", async () => {
    const cwd = folderWithResult();
    const { code, stdout } = await runCli(["compare", "a.json", "b.json", "--html", "c.html"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +a +b\nService\n/);
    expect(stdout).toMatch(/HTML report: c\.html\n$/);
    expect(readFileSync(join(cwd, "c.html"), "utf8")).toMatch(/^<!doctype html>/);
  });
});

describe("windtunnel replay", () => {
  test("writes the page of a run with a planner where its configuration says", async () => {
    const cwd = scratchFolder();
    const config = { mode: "agg", optimization_target: "throughput", report_filename: "run.html" };
    const args = ["replay", "preset:toolagent", "--max-sim-time-seconds", "60", "--report-json", "r.json"];
    const { code, stdout } = await runCli([...args, "--planner-config", JSON.stringify(config)], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain("Planner diagnostics report: planner_reports/run.html\n");
    const result = JSON.parse(readFileSync(join(cwd, "r.json"), "utf8")) as { gpu_hours: number };
    const page = readFileSync(join(cwd, "planner_reports/run.html"), "utf8");
    expect(/GPU hours: ([\d.]+)/.exec(page)?.[1]).toBe(String(result.gpu_hours));
  });
});
