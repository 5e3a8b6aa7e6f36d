import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { folderWith, runCli, scratchFolder } from "../../test/run-cli.ts";
import { simulate } from "../replay.ts";
import type { RunResult } from "../result/schema.ts";
import { readStudyPlan } from "../study/study-plan.ts";
import { presetNames } from "../trace/presets/preset-names.ts";
import { resolveReplay } from "../config/resolve-replay.ts";
import { engineArgsSchema } from "../config/engine-args-schema.ts";
import { readPlanFile } from "../sweep/plan-file.ts";
import { sweepFigureNames } from "../sweep/sweep-row.ts";
import { optionTables, resultKeyTable } from "../../test/documentation/reference-tables.ts";
import { clientTable, engineArgTable, faultTable } from "../../test/documentation/schema-tables.ts";

const root = join(import.meta.dirname, "../..");
const path = join(root, "docs/replay.md");
const enginesPath = join(root, "docs/engines.md");
const page = () => readFileSync(path, "utf8");

interface Package {
  readonly scripts: { readonly start: string };
}

/** The text between two markers; with UPDATE_DOCS=1 it is written first. */
function section(name: string, generated: string, file = path): string {
  const [open, close] = [`<!-- ${name}: written by the test of this page -->`, `<!-- /${name} -->`];
  const [before, rest] = readFileSync(file, "utf8").split(open) as [string, string];
  const [inside, after] = rest.split(close) as [string, string];
  if (process.env["UPDATE_DOCS"] === undefined) return inside.trim();
  writeFileSync(file, `${before}${open}\n\n${generated}\n\n${close}${after}`);
  return generated;
}

describe("README.md", () => {
  test("shows what `npm start` prints", async () => {
    const { start } = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Package).scripts;
    const [, command] = start.split("dist/cli/main.js ") as [string, string];
    const args = command.split(" ").map((word) => (word.startsWith("examples/") ? join(root, word) : word));
    const cwd = scratchFolder();
    const { stdout, stderr } = await runCli([...args, "--report-json", "result.json"], { cwd });
    expect(page()).toContain(`\`${stderr.trim().split("\n").at(-1)}\``);
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

  test("lists every key of clients and failures", () => {
    expect(section("client keys", clientTable())).toBe(clientTable());
    expect(section("fault keys", faultTable())).toBe(faultTable());
  });

  test("tells of every column of --report-jsonl", async () => {
    const cwd = folderWith();
    const client = '{"timeout_ms": 60000}';
    await runCli(["replay", "trace.jsonl", "--client-config", client, "--quiet", "--report-jsonl", "rows.jsonl"], {
      cwd,
    });
    const [row] = readFileSync(join(cwd, "rows.jsonl"), "utf8").split("\n");
    const keys = Object.keys(JSON.parse(row!) as object);
    const told = page().split("## A row a request")[1]!;
    expect(keys.length).toBeGreaterThan(25);
    expect(keys.filter((key) => !told.includes(`\`${key}\``))).toEqual([]);
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

describe("docs/engines.md", () => {
  test("lists every engine argument (UPDATE_DOCS=1 rewrites the table)", () => {
    const table = engineArgTable();
    expect(section("engine arguments", table, enginesPath)).toBe(table);
    const text = readFileSync(enginesPath, "utf8");
    for (const key of Object.keys(engineArgsSchema.def.shape)) expect(text, key).toContain(`\`${key}`);
  });

  test("the example of cache tiers runs", async () => {
    const text = readFileSync(enginesPath, "utf8");
    const extraEngineArgs = JSON.parse(/--extra-engine-args \\\n\s*'(\{.*?\})'/s.exec(text)![1]!) as object;
    const result = await simulate({ trace: "preset:toolagent", numWorkers: 8, extraEngineArgs, maxSimTimeSeconds: 20 });
    expect(result.warnings).toEqual([]);
    expect(result.kv_tiers).toBeDefined();
  });
});

describe("docs/planner.md", () => {
  test("its example runs", async () => {
    const text = readFileSync(join(root, "docs/planner.md"), "utf8");
    const [extraEngineArgs, plannerConfig] = ["extra-engine-args", "planner-config"].map(
      (flag) => JSON.parse(new RegExp(`--${flag} '(\\{.*?\\})'`, "s").exec(text)![1]!) as object,
    ) as [object, object];
    const options = { trace: "preset:conversation", numWorkers: 2, extraEngineArgs, plannerConfig };
    const result = await simulate({ ...options, maxSimTimeSeconds: 60 });
    expect(result.warnings).toEqual([]);
    expect(result.planner?.ticks.length).toBe(6);
  });
});

describe("docs/sweeps.md", () => {
  const text = () => readFileSync(join(root, "docs/sweeps.md"), "utf8");

  test("its plan can be run, and its keys are all told", async () => {
    const plan = /```yaml\n(.*?)```/s.exec(text())![1]!;
    const { axes, replay, samples, repeats } = await readPlanFile(plan);
    expect(axes.map(({ key }) => key)).toEqual(["engine.startup_time", "planner.ttft_ms"]);
    expect({ replay, samples, repeats }).toMatchObject({ replay: { numWorkers: 2 }, samples: 100, repeats: 3 });
  });

  test("tells of every figure of a row", () => {
    expect(sweepFigureNames.filter((name) => !text().includes(`\`${name}\``))).toEqual([]);
  });
});

describe("docs/policies.md", () => {
  test("its plan of a study can be run", async () => {
    const text = readFileSync(join(root, "docs/policies.md"), "utf8");
    const plan = await readStudyPlan(/```yaml\n(.*?)```/s.exec(text)![1]!, null);
    const staticFleets = [2, 4, 8].map((numWorkers) => ({ numWorkers }));
    expect(plan).toMatchObject({ startupTimes: [0, 120], seeds: [0, 1], staticFleets, ttftMs: 1500 });
    expect(plan.policies.map(({ name }) => name)).toEqual(["slo", "hpa-16", "dynamo"]);
  });
});

test("every preset is told of in docs/traces.md and docs/replay.md", () => {
  for (const name of presetNames) {
    expect(readFileSync(join(root, "docs/traces.md"), "utf8")).toContain(`\`preset:${name}\``);
    expect(page()).toContain(`\`${name}\``);
  }
});

describe("examples", () => {
  const plans = [
    "policy-study",
    "policy-study-cold",
    "policy-study-disagg",
    "policy-study-presets",
    "policy-study-shapes",
  ];
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

  test("policy-study-disagg.yaml has traces, bounds, policies and engines of policy-study.yaml, in two pools", async () => {
    const [disagg, study] = await Promise.all([read("policy-study-disagg"), read("policy-study")]);
    const named = ({ name, trace }: (typeof study.traces)[number]) => ({ name, trace });
    expect(disagg.traces.map(named)).toEqual(study.traces.map(named));
    for (const policy of disagg.policies) expect(study.policies).toContainEqual(policy);
    for (const key of ["ttftMs", "itlMs", "startupTimes"] as const) expect(disagg[key]).toEqual(study[key]);
    const { extraEngineArgs, plannerConfig } = study.replay;
    expect(disagg.replay).toEqual({
      numPrefillWorkers: 1,
      numDecodeWorkers: 1,
      prefillEngineArgs: extraEngineArgs,
      decodeEngineArgs: extraEngineArgs,
      plannerConfig: { ...(plannerConfig as object), mode: "disagg" },
    });
  });

  test("policy-study-shapes.yaml has the load shapes, and policies, bounds and engines of policy-study.yaml", async () => {
    const [shapes, study] = await Promise.all([read("policy-study-shapes"), read("policy-study")]);
    expect(shapes.traces).toEqual(
      ["wave", "step", "spike", "batches", "drift"].map((name) => ({
        name,
        trace: `preset:${name}`,
        start: { numWorkers: 4 },
      })),
    );
    expect(shapes.policies.map(({ name }) => name)).toEqual(["slo", "dynamo", "dynamo-fixed", "hpa-16"]);
    for (const policy of shapes.policies) expect(study.policies).toContainEqual(policy);
    expect(shapes.replay).toEqual(study.replay);
    for (const key of ["ttftMs", "itlMs", "startupTimes"] as const) expect(shapes[key]).toEqual(study[key]);
  });
});
