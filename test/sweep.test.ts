import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SweepRow } from "../src/sweep/sweep-row.ts";
import { runCli, scratchFolder } from "./run-cli.ts";

const program = join(import.meta.dirname, "../dist/cli/main.js");

/** A small synthetic workload; every sweep here runs it. */
const small = ["--input-tokens", "600", "--output-tokens", "40", "--request-count", "400", "--request-rate", "20"];
const grid = ["--vary", "run.num_workers=1,2,3", "--vary", "engine.max_num_seqs=8,64"];

const linesOf = (folder: string) => {
  const path = join(folder, "results.jsonl");
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "");
};
const rowsOf = (folder: string) => linesOf(folder).map((line) => JSON.parse(line) as SweepRow);

/** Runs a sweep and signals it as soon as some rows are on the disk. */
function signalled(args: readonly string[], cwd: string, out: string, signal: NodeJS.Signals, afterRows: number) {
  return new Promise<{ code: number | null; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const timer = setInterval(() => {
      if (linesOf(out).length < afterRows) return;
      clearInterval(timer);
      child.kill(signal);
    }, 5);
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(timer);
      resolve({ code, stderr });
    });
  });
}

describe("two sweeps in one folder", () => {
  const one = ["sweep", ...small, "--vary", "run.num_workers=1,2,3", "--out", "o"];
  const other = ["sweep", ...small, "--vary", "engine.max_num_seqs=8,16", "--out", "o"];
  const runsIn = (path: string) =>
    readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as SweepRow).run)
      .toSorted();

  test("one after the other lose no row, and find theirs again", async () => {
    const cwd = scratchFolder();
    await runCli(one, { cwd });
    const before = runsIn(join(cwd, "o/results.jsonl"));
    await runCli(other, { cwd });
    expect(rowsOf(join(cwd, "o"))).toHaveLength(2);
    expect(runsIn(join(cwd, "o/other-results.jsonl"))).toEqual(before);
    expect((await runCli(one, { cwd })).stdout).toContain("3 runs done, 3 of them from before");
    expect((await runCli(other, { cwd })).stdout).toContain("2 runs done, 2 of them from before");
    expect(runsIn(join(cwd, "o/other-results.jsonl"))).toHaveLength(5);
  });

  test("at once leave all rows", async () => {
    const cwd = scratchFolder();
    const both = await Promise.all([one, other].map((args) => runCli(args, { cwd })));
    expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: "" },
      { code: 0, stderr: "" },
    ]);
    const runs = ["results", "other-results"].flatMap((name) => runsIn(join(cwd, `o/${name}.jsonl`)));
    expect(new Set(runs).size).toBe(5);
  });
});

describe("rows", () => {
  test("are the same bytes from one thread, two threads, shards put together, and a plan file", async () => {
    const cwd = scratchFolder();
    const sweep = (...args: string[]) => runCli(["sweep", ...small, ...grid, ...args], { cwd });
    expect(await sweep("--parallel", "1", "--out", "serial")).toMatchObject({ code: 0, stderr: "" });
    expect(await sweep("--parallel", "2", "--out", "parallel")).toMatchObject({ code: 0, stderr: "" });
    for (const shard of ["1", "2"]) await sweep("--shard", `${shard}/2`, "--out", `shard-${shard}`);
    expect(linesOf(join(cwd, "shard-1"))).toHaveLength(3);
    const merged = await runCli(["sweep", "merge", "shard-2", "shard-1", "--out", "merged"], { cwd });
    expect(merged).toMatchObject({
      code: 0,
      stdout: "6 runs done, 0 failed\nSaved results to: merged (page: merged/index.html)\n",
    });
    writeFileSync(
      join(cwd, "plan.yaml"),
      `replay: { input_tokens: 600, output_tokens: 40, request_count: 400, request_rate: 20 }
vary:
  run.num_workers: [1, 2, 3]
  engine.max_num_seqs: 8,64
`,
    );
    expect(await runCli(["sweep", "--plan", "plan.yaml", "--out", "plan"], { cwd })).toMatchObject({ code: 0 });

    const serial = readFileSync(join(cwd, "serial/results.jsonl"), "utf8");
    for (const out of ["parallel", "merged", "plan"]) {
      expect(readFileSync(join(cwd, out, "results.jsonl"), "utf8"), out).toBe(serial);
      expect(readFileSync(join(cwd, out, "results.csv"), "utf8"), out).toBe(
        readFileSync(join(cwd, "serial/results.csv"), "utf8"),
      );
    }
    const rows = rowsOf(join(cwd, "serial"));
    expect(rows.map(({ index, values }) => [index, ...Object.values(values)])).toEqual([
      [0, 1, 8],
      [1, 1, 64],
      [2, 2, 8],
      [3, 2, 64],
      [4, 3, 8],
      [5, 3, 64],
    ]);
    expect(new Set(rows.map((row) => row.figures!.digest)).size).toBe(6);
  });

  test("are those of single replays", async () => {
    const cwd = scratchFolder();
    await runCli(["sweep", ...small, "--vary", "run.num_workers=2", "--repeats", "2", "--out", "o"], { cwd });
    const replay = async (...args: string[]) => {
      const { stdout } = await runCli(["replay", ...small, "--num-workers", "2", "--json", ...args], { cwd });
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const [first, second] = rowsOf(join(cwd, "o"));
    for (const [row, result] of [
      [first!, await replay()],
      [second!, await replay("--seed", "43", "--arrival-seed", "43")],
    ] as const) {
      const { digest, mean_ttft_ms, p99_itl_ms, gpu_hours, duration_ms } = result;
      expect(row.figures).toMatchObject({ digest, mean_ttft_ms, p99_itl_ms, gpu_hours, duration_ms });
    }
    expect(first!.figures!.digest).not.toBe(second!.figures!.digest);
  });

  test("a run that fails is listed with its reason and the others are done", async () => {
    const cwd = scratchFolder();
    writeFileSync(
      join(cwd, "trace.jsonl"),
      '{"timestamp": 0, "input_length": 10, "output_length": 3, "hash_ids": [1]}\n',
    );
    const args = ["sweep", "trace.jsonl", "--out", "o", "--vary", "run.max_sim_time_seconds=10", "--vary"];
    const { code, stdout } = await runCli([...args, "run.trace=trace.jsonl,gone.jsonl"], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/failed: run 1 .*gone.jsonl.*\n1 run done, 1 failed\n/);
    const again = await runCli([...args, "run.trace=trace.jsonl,trace.jsonl"], { cwd });
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toMatch(/2 runs done, \d of them from before, 0 failed/);
  });
});

test("a policy module that has changed makes other runs", async () => {
  const cwd = scratchFolder();
  const module = (seconds: number) =>
    `export default { firstTickSeconds: () => ${seconds}, onTick: () => ({ replicas: {}, nextTickSeconds: 1e9 }) };`;
  writeFileSync(join(cwd, "policy.mjs"), module(10));
  const args = ["sweep", ...small, "--vary", "run.num_workers=1,2", "--policy", "./policy.mjs", "--out", "o"];
  expect((await runCli(args, { cwd })).stdout).toContain("2 runs done, 0 failed");
  expect((await runCli(args, { cwd })).stdout).toContain("2 runs done, 2 of them from before, 0 failed");
  writeFileSync(join(cwd, "policy.mjs"), module(20));
  expect((await runCli(args, { cwd })).stdout).toContain("2 runs done, 0 failed");
});

test("a data file or a document that has changed makes other runs", async () => {
  const cwd = scratchFolder();
  const rows = [0, 400, 900].map((at) => ({ timestamp: at, input_length: 64, output_length: 4, hash_ids: [1] }));
  const write = (name: string, content: object | readonly object[]) =>
    writeFileSync(
      join(cwd, name),
      [content]
        .flat()
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    );
  write("warm.jsonl", rows);
  write("clients.json", { timeout_ms: 100_000 });
  write("planner.json", { mode: "agg", enable_throughput_scaling: true, load_predictor_warmup_trace: "warm.jsonl" });
  const args = ["sweep", ...small, "--vary", "run.num_workers=1,2", "--out", "o"];
  args.push("--planner-config", "planner.json", "--client-config", "clients.json");
  const sweep = async () => {
    const { stdout, stderr } = await runCli(args, { cwd });
    return stdout + stderr;
  };
  expect(await sweep()).toContain("2 runs done, 0 failed");
  expect(await sweep()).toContain("2 runs done, 2 of them from before, 0 failed");
  write("warm.jsonl", rows.slice(1));
  expect(await sweep()).toContain("2 runs done, 0 failed");
  write("clients.json", { timeout_ms: 101_000 });
  expect(await sweep()).toContain("2 runs done, 0 failed");
  expect(await sweep()).toContain("2 runs done, 2 of them from before, 0 failed");
});

test("a policy module that would end its thread fails its own run only", async () => {
  const cwd = scratchFolder();
  const onTick = "() => { if (!isMainThread) process.exit(3); return { replicas: {}, nextTickSeconds: 1e9 }; }";
  writeFileSync(
    join(cwd, "ends.mjs"),
    `import { isMainThread } from "node:worker_threads";
     export default { firstTickSeconds: () => 1, onTick: ${onTick} };`,
  );
  const args = ["sweep", ...small, "--vary", "run.policy=./ends.mjs,static", "--parallel", "1", "--out", "o"];
  const { code, stdout } = await runCli(args, { cwd });
  expect(stdout).toMatch(/failed: run 0 .*process\.exit\(3\) was called in a run.*\n1 run done, 1 failed/);
  expect(code).toBe(1);
});

describe("interruption", () => {
  const many = ["sweep", ...small, "--vary", "run.seed=1:60:1", "--vary", "engine.max_num_seqs=8", "--parallel", "2"];

  test.each([
    ["SIGKILL", null],
    ["SIGINT", 130],
    ["SIGTERM", 130],
  ] as const)("%s loses no finished row and repeats none", async (signal, expectedCode) => {
    const cwd = scratchFolder();
    const out = join(cwd, "o");
    const { code, stderr } = await signalled([...many, "--out", "o"], cwd, out, signal, 4);
    expect(code).toBe(expectedCode);
    if (signal !== "SIGKILL") expect(stderr).toMatch(/interrupted; \d+ of 60 runs are in o, the same command goes on/);
    const before = linesOf(out);
    expect(before.length).toBeGreaterThanOrEqual(4);
    expect(before.length).toBeLessThan(60);

    const { stdout } = await runCli([...many, "--out", "o"], { cwd });
    expect(stdout).toContain(`60 runs done, ${before.length} of them from before, 0 failed`);
    const after = linesOf(out);
    expect(after).toHaveLength(60);
    expect(new Set(after).size).toBe(60);
    expect(after).toEqual(expect.arrayContaining(before));
    expect(rowsOf(out).map((row) => row.index)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });
});

describe("mistakes are told before anything runs", () => {
  test.each([
    [["--vary", "engin.startup_time=1"], /--vary engin.startup_time: .*did you mean "engine/],
    [["--vary", "engine.startup_tim=1,2"], /unknown key "startup_tim" \(did you mean "startup_time"\?\)/],
    [["--vary", "run.num_worker=1,2"], /--vary run.num_worker: unknown option \(did you mean "num_workers"\?\)/],
    [["--vary", "engine.startup_time=5:1:1"], /--vary engine.startup_time: the range 5:1 is empty/],
    [["--vary", "run.num_workers=1,0"], /--vary run.num_workers: found 0, expected a whole number from 1 to 100000/],
    [
      [
        "--vary",
        "engine.max_num_seqs=8,-1",
        "--vary",
        "run.num_workers=1,0",
        "--vary",
        "run.router_mode=kv,round_robin",
      ],
      /--vary run.router_mode: found "kv", .*\n.*--vary run.num_workers: found 0, .*\n.*--vary engine.max_num_seqs: found -1, /,
    ],
    [["--vary", "run.num_workers=1,2", "--report-html", "x.html"], /--report-html: is for a single replay/],
    [["--vary", "run.num_workers=1,2", "--shard", "3/2"], /--shard: found "3\/2"/],
    [["--vary", "run.num_workers=1,2", "--parallel", "0"], /--parallel: found "0"/],
    [[], /give at least one --vary/],
  ])("%j", async (args, message) => {
    const cwd = scratchFolder();
    const { code, stderr } = await runCli(["sweep", ...small, "--out", "o", ...args], { cwd });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(join(cwd, "o"))).toBe(false);
  });

  test("requests that cannot be read", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "bad.jsonl"), '{"timestamp":0}\nnonsense\n');
    const args = ["sweep", "bad.jsonl", "--vary", "run.num_workers=1,2", "--out", "o"];
    expect(await runCli(args, { cwd })).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "windtunnel: bad.jsonl:1: output_length is missing\nwindtunnel: bad.jsonl:1: hash_ids is missing\n" +
        'windtunnel: bad.jsonl:2: not valid JSON at column 1: found "nonsense"\n',
    });
    expect(existsSync(join(cwd, "o"))).toBe(false);
  });

  test("a folder that cannot be made", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "file"), "");
    const args = ["sweep", ...small, ...grid, "--out", "file/o"];
    const { code, stderr } = await runCli(args, { cwd });
    expect(stderr).toMatch(/cannot write file\/o: a part of the path is not a directory/);
    expect(code).toBe(1);
  });

  test("results that are none of a sweep are left alone", async () => {
    const cwd = scratchFolder();
    mkdirSync(join(cwd, "o"));
    writeFileSync(join(cwd, "o/results.jsonl"), "precious\n");
    const { code, stderr } = await runCli(["sweep", ...small, ...grid, "--out", "o"], { cwd });
    expect(stderr).toMatch(/results.jsonl:1: not a row of a sweep/);
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, "o/results.jsonl"), "utf8")).toBe("precious\n");
    const merge = await runCli(["sweep", "merge", "nowhere", "--out", "m"], { cwd });
    expect(merge).toMatchObject({ code: 2, stderr: "windtunnel: nowhere holds no results.jsonl of a sweep\n" });
  });

  test("--dry-run lists the runs and makes nothing", async () => {
    const cwd = scratchFolder();
    const { code, stdout, stderr } = await runCli(["sweep", ...small, ...grid, "--dry-run", "--shard", "2/3"], { cwd });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "1\trun.num_workers=1 engine.max_num_seqs=64\n4\trun.num_workers=3 engine.max_num_seqs=8\n",
      stderr: "2 runs\n",
    });
    expect(existsSync(join(cwd, "windtunnel-sweep"))).toBe(false);
  });
});

test("--keep-results writes the result and the page of every run, and makes up for a lost one", async () => {
  const cwd = scratchFolder();
  const args = ["sweep", ...small, "--vary", "run.num_workers=1,2", "--out", "o"];
  await runCli(args, { cwd });
  const { stdout } = await runCli([...args, "--keep-results"], { cwd });
  expect(stdout).toContain("2 runs done, 0 failed");
  for (const row of rowsOf(join(cwd, "o"))) {
    const result = JSON.parse(readFileSync(join(cwd, `o/runs/${row.run}.json`), "utf8")) as { digest: string };
    expect(result.digest).toBe(row.figures!.digest);
    expect(readFileSync(join(cwd, `o/runs/${row.run}.html`), "utf8")).toContain("GPU hours:");
    expect(readFileSync(join(cwd, "o/index.html"), "utf8")).toContain(`runs/${row.run}.html`);
  }
});

test("shards put together name their trace on the page", async () => {
  const cwd = scratchFolder();
  const row = '{"timestamp": 0, "input_length": 10, "output_length": 3, "hash_ids": [1]}\n';
  writeFileSync(join(cwd, "named é.jsonl"), row);
  for (const shard of ["1", "2"]) {
    const args = ["sweep", "named é.jsonl", "--vary", "run.num_workers=1,2", "--shard", `${shard}/2`];
    await runCli([...args, "--out", `shard-${shard}`], { cwd });
  }
  await runCli(["sweep", "merge", "shard-1", "shard-2", "--out", "merged"], { cwd });
  expect(readFileSync(join(cwd, "merged/index.html"), "utf8")).toContain('"trace":"named é.jsonl"');
});

test("the example reads, and its trace gives way to one on the command line", async () => {
  const cwd = scratchFolder();
  const plan = join(import.meta.dirname, "../examples/cold-start-sweep.yaml");
  const { code, stdout } = await runCli(["sweep", "--plan", plan, "--dry-run"], { cwd });
  expect(code).toBe(0);
  const runs = stdout.trim().split("\n");
  expect(runs).toHaveLength(31);
  expect(runs.at(-1)).toBe("30\tengine.startup_time=300");
  writeFileSync(
    join(cwd, "trace.jsonl"),
    '{"timestamp": 0, "input_length": 10, "output_length": 3, "hash_ids": [1]}\n',
  );
  const few = ["sweep", "trace.jsonl", "--plan", plan, "--vary", "engine.startup_time=0,300", "--out", "o"];
  expect(await runCli(few, { cwd })).toMatchObject({ code: 0 });
  expect(rowsOf(join(cwd, "o")).map((row) => row.figures!.num_requests)).toEqual([1, 1]);
});
