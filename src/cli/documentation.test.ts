import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { runCli, scratchFolder } from "../../test/run-cli.ts";
import { simulate } from "../replay.ts";
import type { RunResult } from "../result/schema.ts";
import { readStudyPlan } from "../study/study-plan.ts";
import { presetNames } from "../trace/presets/preset-names.ts";
import { resolveReplay } from "../config/resolve-replay.ts";
import { optionTables, resultKeyTable } from "./reference-tables.ts";

const root = join(import.meta.dirname, "../..");
const path = join(root, "docs/replay.md");
const page = () => readFileSync(path, "utf8");

interface Package {
  readonly scripts: { readonly start: string };
}

/** The text between two markers; with UPDATE_DOCS=1 it is written first. */
function section(name: string, generated: string): string {
  const [open, close] = [`<!-- ${name}: written by the test of this page -->`, `<!-- /${name} -->`];
  const [before, rest] = page().split(open) as [string, string];
  const [inside, after] = rest.split(close) as [string, string];
  if (process.env["UPDATE_DOCS"] === undefined) return inside.trim();
  writeFileSync(path, `${before}${open}\n\n${generated}\n\n${close}${after}`);
  return generated;
}

describe("README.md", () => {
  test("shows what `npm start` prints", async () => {
    const { start } = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Package).scripts;
    const [, command] = start.split("dist/cli/main.js ") as [string, string];
    const args = command.split(" ").map((word) => (word.startsWith("examples/") ? join(root, word) : word));
    const cwd = scratchFolder();
    const { stdout } = await runCli([...args, "--report-json", "result.json"], { cwd });
    const result = JSON.parse(readFileSync(join(cwd, "result.json"), "utf8")) as RunResult;
    const table = /^NVIDIA AIPerf.*?(?=^Wall Time)/ms.exec(stdout)![0];
    const ratios = stdout.split("\n").filter((line) => line.includes("Reused Ratio"));
    const readme = readFileSync(join(root, "README.md"), "utf8");
    expect(readme).toContain(`\n\`\`\`\n${table}${ratios.join("\n")}\n\`\`\`\n`);
    expect(readme.replaceAll("\n", " ")).toContain(
      `${(result.sla!.attainment.all * 100).toFixed(1)} % of ${result.num_requests.toLocaleString("en-US")} requests met ` +
        `the SLA of 1,500 ms and 50 ms, for ${result.gpu_hours.toFixed(2)} GPU-hours and ${result.scaling_events.length} scaling events`,
    );
  });
});

describe("docs/replay.md", () => {
  test("lists every option (UPDATE_DOCS=1 rewrites the tables)", () => {
    expect(section("options", optionTables())).toBe(optionTables());
  });

  test("lists every key of the result", () => {
    expect(section("result keys", resultKeyTable())).toBe(resultKeyTable());
  });

  test("the example from code runs", async () => {
    const [example] = page()
      .match(/await simulate\((\{.*?\})\);/s)!
      .slice(1);
    const options = new Function(`return ${example}`)() as Parameters<typeof simulate>[0];
    const result = await simulate({ ...options, maxSimTimeSeconds: 30 });
    expect(result.completed_requests).toBeGreaterThan(50);
    expect(result.sla).toMatchObject({ source: "flags", ttft_ms: 1500, itl_ms: null });
    expect(result.config["engine.num_gpu_blocks"]).toEqual({ value: 16384, from: "given" });
    expect(result.ended_early?.kind).toBe("max_sim_time");
  });

  test("the example of clients and failing workers runs", async () => {
    const [clientConfig, faultConfig] = ["client", "fault"].map(
      (name) => JSON.parse(page().match(new RegExp(`--${name}-config '(\\{.*?\\})'`))![1]!) as object,
    ) as [object, object];
    const options = { trace: "preset:conversation", numWorkers: 4, clientConfig, faultConfig };
    const result = await simulate({ ...options, maxSimTimeSeconds: 60 });
    expect(result.disruptions).toMatchObject({ worker_failures: [] });
    expect(result.config["fault.clock_start"]).toEqual({ value: "09:30", from: "given" });
  });

  test("the policy example scales a run", async () => {
    const [source] = page()
      .match(/```js\n(.*?)```/s)!
      .slice(1);
    const file = join(scratchFolder(), "policy.mjs");
    writeFileSync(file, source!);
    expect(((await import(pathToFileURL(file).href)) as { default: unknown }).default).toBeTypeOf("function");
    const result = await simulate({ trace: "preset:toolagent", policy: file, maxSimTimeSeconds: 200 });
    expect(result.planner?.policy).toBe(file);
    expect(result.planner?.ticks.length).toBe(20);
    expect(result.planner?.ticks[0]?.record).toHaveProperty("running");
    expect(result.scaling_events.length).toBeGreaterThan(0);
    expect(result.workers.length).toBeGreaterThan(1);
  });
});

test("every preset is told of in docs/traces.md and docs/replay.md", () => {
  for (const name of presetNames) {
    expect(readFileSync(join(root, "docs/traces.md"), "utf8")).toContain(`\`preset:${name}\``);
    expect(page()).toContain(`\`${name}\``);
  }
});

describe("examples", () => {
  const plans = ["policy-study", "policy-study-cold", "policy-study-presets", "policy-study-shapes"];
  const read = (name: string) => readStudyPlan(join(root, `examples/${name}.yaml`), null);

  test("all study plans are named here", () => {
    const files = readdirSync(join(root, "examples")).filter((file) => file.startsWith("policy-study"));
    expect(files.map((file) => file.replace(".yaml", "")).toSorted()).toEqual(plans);
  });

  test.each(plans)("every policy of %s.yaml can be run", async (name) => {
    const { policies, replay } = await read(name);
    expect(policies.length).toBeGreaterThan(3);
    for (const { name: label, policy, policyConfig, plannerConfig } of policies) {
      const { context } = await resolveReplay({
        ...replay,
        trace: "preset:step",
        policy,
        ...(policyConfig === null ? {} : { policyConfig }),
        plannerConfig: { ...(replay.plannerConfig as object), ...plannerConfig },
      });
      expect(context.policy, label).toBe(policy);
    }
  });

  test("policy-study-shapes.yaml has the load shapes, and policies, bounds and engines of policy-study.yaml", async () => {
    const [shapes, study] = await Promise.all([read("policy-study-shapes"), read("policy-study")]);
    expect(shapes.traces).toEqual(
      ["wave", "step", "spike", "batches", "drift"].map((name) => ({ name, trace: `preset:${name}`, numWorkers: 4 })),
    );
    expect(shapes.policies.map(({ name }) => name)).toEqual(["slo", "dynamo", "dynamo-fixed", "hpa-16"]);
    for (const policy of shapes.policies) expect(study.policies).toContainEqual(policy);
    expect(shapes.replay).toEqual(study.replay);
    for (const key of ["ttftMs", "itlMs", "startupTimes"] as const) expect(shapes[key]).toEqual(study[key]);
  });
});
