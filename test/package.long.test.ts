import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder } from "./run-cli.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** A project of somebody else's, with the package installed as `npm pack` would have it. */
const project = scratchFolder();
const installed = join(project, "node_modules/windtunnel");

const { files, dependencies, optionalDependencies } = JSON.parse(read("package.json")) as {
  readonly files: string[];
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
};
const declared = Object.keys(dependencies);

beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  for (const file of ["package.json", ...files.filter((name) => name !== "dist")]) {
    cpSync(join(root, file), join(installed, file), { recursive: true });
  }
  execFileSync("node", ["scripts/build.mjs", "--types", "--out", join(installed, "dist")], { cwd: root });
  // What npm would install with it, and nothing else: not even what is optional.
  for (const name of declared) {
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(join(project, "use.ts"), use);
}, 120_000);

/** What docs/replay.md says of code and of policies. */
const use = `
import { ConfigError, TraceError, openTrace, renderHtmlReport, simulate } from "windtunnel";
import type { Observation, Planner, PolicyContext, RunResult, SimulateOptions, Trace } from "windtunnel";

export default function makePolicy({ config, pools }: PolicyContext): Planner {
  const wanted = typeof config["n"] === "number" ? config["n"] : (pools[0]?.gpusPerWorker ?? 1);
  return {
    firstTickSeconds: () => 10,
    onTick({ nowSeconds, pools: { agg } }: Observation) {
      const record = { active: agg?.activeIds.length ?? 0 };
      return { replicas: { agg: wanted }, nextTickSeconds: nowSeconds + 30, reason: "as told", record };
    },
  };
}

const options: SimulateOptions = { trace: "preset:step", numWorkers: 2, slaTtftMs: 1500, maxSimTimeSeconds: 20 };
const result: RunResult = await simulate(options);
const attained: number | null | undefined = result.sla?.attainment.ttft;
const trace: Trace = await openTrace("preset:step");
const wrong = await simulate({ trace: "no.csv" }).catch((error: unknown) => error);
const misspelt = await simulate({ numWorkers: -1 }).catch((error: unknown) => error);
const page = renderHtmlReport(result);
process.stdout.write(
  JSON.stringify({
    mean: result.mean_ttft_ms,
    attained,
    rows: trace.count,
    page: page.startsWith("<!doctype html>") || page.startsWith("<!DOCTYPE html>"),
    wrong: wrong instanceof TraceError,
    misspelt: misspelt instanceof ConfigError ? misspelt.problems : null,
  }),
);
`;

const plan = "trace: preset:step\nvary: { run.num_workers: '1,2' }\nreplay: { max_sim_time_seconds: 20 }\n";

/** Packages a file imports, none of Node's own modules. */
function importedPackages(text: string): string[] {
  const imports = text.matchAll(/(?:\bfrom|\bimport\(|^import) ?"((?:@[\w.-]+\/)?\w[\w.-]*)(?:\/[\w./-]*)?"/gm);
  return [...imports].map(([, name]) => name!).filter((name) => name !== "windtunnel" && !isBuiltin(name));
}

function tsc(...options: string[]): void {
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022"];
  const types = ["--typeRoots", join(root, "node_modules/@types"), "--types", "node"];
  execFileSync(join(root, "node_modules/.bin/tsc"), [...strict, ...types, ...options, "use.ts"], { cwd: project });
}

describe("the package in a project of its own", () => {
  test.each([
    ["node16", ["--module", "node16"]],
    ["nodenext", ["--module", "nodenext"]],
    ["bundler", ["--module", "esnext", "--moduleResolution", "bundler"]],
  ])("has types that resolve and check with %s", (_, options) => {
    expect(() => tsc(...options, "--noEmit")).not.toThrow();
  });

  test("runs from code and from the command line", () => {
    tsc("--module", "nodenext");
    const told = JSON.parse(execFileSync("node", ["use.js"], { cwd: project, encoding: "utf8" })) as object;
    expect(told).toMatchObject({ page: true, wrong: true });
    expect(told).toHaveProperty("misspelt.0.where", "--num-workers");
    expect((told as { mean: number }).mean).toBeGreaterThan(0);
    const { bin, version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
      bin: { windtunnel: string };
      version: string;
    };
    const program = join(installed, bin.windtunnel);
    expect(readFileSync(program, "utf8").startsWith("#!/usr/bin/env node")).toBe(true);
    const run = (...args: string[]) => execFileSync("node", [program, ...args], { cwd: project, encoding: "utf8" });
    expect(run("--version")).toBe(`${version}\n`);
    // Threads, YAML and the pages come from the package, too.
    writeFileSync(join(project, "plan.yaml"), plan);
    expect(run("sweep", "--plan", "plan.yaml", "--out", "swept")).toContain("2 runs done, 0 failed");
    expect(readFileSync(join(project, "swept/index.html"), "utf8")).toContain("run.num_workers");
  });

  test("declares what its files ask for by name, and nothing else", () => {
    const names = new Set(
      readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" })
        .filter((path) => /\.(js|d\.ts)$/.test(path) && !path.startsWith("report-page"))
        .flatMap((path) => importedPackages(readFileSync(join(installed, "dist", path), "utf8"))),
    );
    expect([...names].toSorted()).toEqual([...declared, ...Object.keys(optionalDependencies)].toSorted());
  });

  test("holds only declarations that its own lead to, and the licences of what it is built with", () => {
    expect(existsSync(join(installed, "dist/types/replay.d.ts"))).toBe(true);
    expect(existsSync(join(installed, "dist/types/cli"))).toBe(false);
    const licenses = readFileSync(join(installed, "dist/third-party-licenses.txt"), "utf8");
    for (const name of ["commander", "fflate", "hyparquet", "uplot", "yaml", "zod"]) {
      expect(licenses, name).toMatch(new RegExp(`^${name} \\d[\\d.]* \\((MIT|ISC)\\)$`, "m"));
    }
  });
});
