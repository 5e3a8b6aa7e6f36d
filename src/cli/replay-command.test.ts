import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { builtProgram, folderWith, runCli, scratchFolder, smallTrace } from "../../test/run-cli.ts";

const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;

describe("reports", () => {
  test("the table, byte for byte, and the result beside it", async () => {
    const cwd = folderWith();
    const { code, stdout, stderr } = await runCli(
      ["replay", "trace.jsonl", "--semantics", "dynamo-1.4", "--report-json", "out/result.json"],
      { cwd },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // As ai-dynamo 1.4.2 prints it for the same trace, but for its wall time.
    expect(stdout.replace(/Wall Time \(ms\): .*/, "Wall Time (ms): …")).toBe(TABLE);
    expect(readJson(join(cwd, "out/result.json"))).toMatchObject({
      num_requests: 2,
      completed_requests: 2,
      mean_ttft_ms: expect.closeTo(33.381632, 5) as number,
      semantics: "dynamo-1.4",
    });
    expect(readdirSync(join(cwd, "out"))).toEqual(["result.json"]);
  });

  test("the result goes to a dated file in the current folder, or in a given one", async () => {
    const cwd = folderWith();
    mkdirSync(join(cwd, "reports"));
    const here = await runCli(["replay", "trace.jsonl"], { cwd });
    const there = await runCli(["replay", "trace.jsonl", "--report-json", "reports"], { cwd });
    const dated = /dynamo_replay_report_\d{8}_\d{6}\.json$/m;
    expect(here.stdout).toMatch(dated);
    expect(there.stdout).toMatch(dated);
    expect(readdirSync(cwd).filter((name) => dated.test(name))).toHaveLength(1);
    expect(readdirSync(join(cwd, "reports"))).toHaveLength(1);
  });

  test("runs of the same second leave a result each", async () => {
    const cwd = folderWith();
    for (let run = 0; run < 4; run++) await runCli(["replay", "trace.jsonl", "--quiet"], { cwd });
    expect(readdirSync(cwd)).toHaveLength(5);
  });

  test("the same device may take several reports", async () => {
    const args = ["replay", "trace.jsonl", "--report-json", "/dev/null", "--report-jsonl", "/dev/null"];
    expect((await runCli(args, { cwd: folderWith() })).code).toBe(0);
  });

  test("a full disk behind standard output is told in a line; behind the messages it stops nothing", () => {
    const cwd = folderWith();
    const shell = (script: string) =>
      spawnSync("sh", ["-c", script, "sh", process.execPath, builtProgram], { cwd, encoding: "utf8" });
    const { status, stderr } = shell('exec "$@" replay trace.jsonl --report-json r.json > /dev/full');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "windtunnel: cannot write to standard output: no space left on the device\n",
    });
    expect(existsSync(join(cwd, "r.json"))).toBe(true);
    expect(shell('exec "$@" replay absent.jsonl 2> /dev/full').status).toBe(2);
    expect(shell('exec "$@" help replay').stdout).toContain("--report-json <PATH>");
  });

  test("result files have sorted keys and end in a line end", async () => {
    const cwd = folderWith();
    await runCli(["replay", "trace.jsonl", "--report-json", "r.json"], { cwd });
    const text = readFileSync(join(cwd, "r.json"), "utf8");
    const keys = Object.keys(JSON.parse(text) as object);
    expect(keys).toEqual(keys.toSorted());
    expect(text.endsWith("}\n")).toBe(true);
  });

  test("a row a request, plain or compressed", async () => {
    const cwd = folderWith();
    await runCli(["replay", "trace.jsonl", "--report-json", "r.json", "--report-jsonl", "rows.jsonl"], { cwd });
    await runCli(["replay", "trace.jsonl", "--report-json", "r.json", "--report-jsonl", "rows.jsonl.gz"], { cwd });
    const text = readFileSync(join(cwd, "rows.jsonl"), "utf8");
    expect(gunzipSync(readFileSync(join(cwd, "rows.jsonl.gz"))).toString("utf8")).toBe(text);
    const rows = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatchObject({
      arrival_time_ms: 40,
      input_length: 700,
      output_length: 5,
      reused_input_tokens: 512,
      decode_worker_idx: 0,
      terminal_status: "completed",
    });
    expect(Object.keys(rows[0]!)).toEqual(ROW_KEYS);
  });

  test("--json prints the result and writes no file; --quiet prints nothing", async () => {
    const cwd = folderWith();
    const json = await runCli(["replay", "trace.jsonl", "--json"], { cwd });
    expect((JSON.parse(json.stdout) as Record<string, unknown>)["completed_requests"]).toBe(2);
    expect(readdirSync(cwd)).toEqual(["trace.jsonl"]);
    const quiet = await runCli(["replay", "trace.jsonl", "--quiet", "--report-json", "r.json"], { cwd });
    expect(quiet).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(existsSync(join(cwd, "r.json"))).toBe(true);
  });

  test("the trace may come from standard input", async () => {
    const { code, stdout } = await runCli(["replay", "-", "--json"], { cwd: scratchFolder(), stdin: smallTrace });
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Record<string, unknown>)["completed_requests"]).toBe(2);
  });

  test("the same run in fresh processes has one digest", async () => {
    const cwd = folderWith();
    const runs = await Promise.all(
      Array.from({ length: 3 }, () => runCli(["replay", "trace.jsonl", "--json"], { cwd })),
    );
    // Another name, gzip and standard input are the same input.
    writeFileSync(join(cwd, "other.jsonl.gz"), gzipSync(smallTrace));
    runs.push(await runCli(["replay", "other.jsonl.gz", "--json"], { cwd }));
    runs.push(await runCli(["replay", "-", "--json"], { cwd, stdin: smallTrace }));
    const digests = new Set(runs.map(({ stdout }) => (JSON.parse(stdout) as { digest: string }).digest));
    expect(digests.size).toBe(1);
  });

  test("goodput keys appear with a bound only", async () => {
    const cwd = folderWith();
    const plain = await runCli(["replay", "trace.jsonl", "--json"], { cwd });
    const bounded = await runCli(["replay", "trace.jsonl", "--json", "--sla-ttft-ms", "34"], { cwd });
    expect(Object.keys(JSON.parse(plain.stdout) as object).filter((key) => key.startsWith("goodput"))).toEqual([]);
    expect(JSON.parse(bounded.stdout)).toMatchObject({
      goodput_completed_requests: 2,
      sla: { source: "flags", ttft_ms: 34, attainment: { ttft: 1, itl: null, e2e: null, all: 1 } },
    });
  });
});

describe("engine arguments", () => {
  test.each([
    ["inline JSON", '{"num_gpu_blocks": 20}'],
    ["inline YAML", "num_gpu_blocks: 20"],
    ["a path", "args.yaml"],
    ["@path", "@args.yaml"],
  ])("as %s", async (_, given) => {
    const cwd = folderWith({ "trace.jsonl": smallTrace, "args.yaml": "num_gpu_blocks: 20 # small\n" });
    const { code, stdout } = await runCli(["replay", "trace.jsonl", "--json", "--extra-engine-args", given], { cwd });
    expect(code).toBe(0);
    const { config } = JSON.parse(stdout) as { config: Record<string, unknown> };
    expect(config["engine.num_gpu_blocks"]).toEqual({ value: 20, from: "given" });
    expect(config["engine.block_size"]).toEqual({ value: 64, from: "default" });
  });

  test("an impossible request is reported and the run goes on", async () => {
    const cwd = folderWith();
    const { code, stdout, stderr } = await runCli(
      ["replay", "trace.jsonl", "--json", "--extra-engine-args", '{"num_gpu_blocks": 12}'],
      { cwd },
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      completed_requests: 1,
      rejected_requests: 1,
      failure_reasons: { prompt_exceeds_kv_pool: 1 },
    });
    expect(stderr).toBe("warning: 1 of 2 requests rejected or failed (prompt_exceeds_kv_pool: 1)\n");
  });
});

describe("endings", () => {
  test("a full disk is an error that names the path and leaves the old report", async () => {
    if (!existsSync("/dev/full")) return;
    const cwd = folderWith();
    const { code, stderr } = await runCli(["replay", "trace.jsonl", "--report-json", "/dev/full"], { cwd });
    expect(stderr).toBe("windtunnel: cannot write /dev/full: no space left on the device\n");
    expect(code).toBe(1);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s writes what is finished and exits with 130", async (signal) => {
    // Its only tick, a simulated minute in, tells that requests have been completed.
    const tick = "() => (process.stderr.write('a minute in\\n'), { replicas: {}, nextTickSeconds: 1e6 })";
    const policy = `export default { firstTickSeconds: () => 60, onTick: ${tick} };\n`;
    const cwd = folderWith({ "tells.mjs": policy });
    const { code, stderr } = await runCli(
      [
        "replay",
        "--input-tokens",
        "64",
        "--output-tokens",
        "2000",
        "--request-count",
        "400000",
        "--request-rate",
        "50",
        "--engine",
        "pass-by-pass",
        "--num-workers",
        "2",
        "--policy",
        "./tells.mjs",
        "--report-json",
        "r.json",
      ],
      { cwd, interruptAt: "a minute in", signal },
    );
    expect(code).toBe(130);
    expect(stderr).toMatch(/^warning: ended early: interrupted/m);
    const result = readJson(join(cwd, "r.json"));
    expect(result["ended_early"]).toMatchObject({ kind: "interrupted" });
    expect(result["completed_requests"]).toBeGreaterThan(0);
    expect(result["completed_requests"]).toBeLessThan(400_000);
  });

  test.each([
    ["replay", "-"],
    ["sweep", "-", "--vary", "run.num_workers=1,2"],
  ])("Ctrl-C while a trace still comes in ends %s", async (...args) => {
    const child = spawn(process.execPath, [builtProgram, ...args], {
      cwd: folderWith(),
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.stdin.on("error", () => {});
    // More than a pipe holds: once it is written, the program is reading.
    child.stdin.write(`${smallTrace}\n`.repeat(20_000), () => child.kill("SIGINT"));
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(130);
  });

  test("a policy that fails ends the run with its message and the finished part", async () => {
    const policy = "export default { firstTickSeconds: () => 0.03, onTick() { throw new Error('no idea'); } };\n";
    const cwd = folderWith({ "trace.jsonl": smallTrace, "policy.mjs": policy });
    const { code, stderr } = await runCli(
      ["replay", "trace.jsonl", "--policy", "./policy.mjs", "--report-json", "r.json"],
      { cwd },
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^warning: ended early: .*no idea/m);
    expect(readJson(join(cwd, "r.json"))["ended_early"]).toMatchObject({ kind: "planner_error" });
  });

  test("help and version", async () => {
    const cwd = scratchFolder();
    const version = await runCli(["--version"], { cwd });
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await runCli(["replay", "--help"], { cwd });
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("--max-sim-time-seconds <S>");
    expect((await runCli([], { cwd })).code).toBe(2);
  });
});

const ROW_KEYS = [
  "session_id",
  "turn_index",
  "uuid",
  "arrival_time_ms",
  "first_admit_ms",
  "terminal_time_ms",
  "first_token_ms",
  "last_token_ms",
  "ttft_ms",
  "ttst_ms",
  "e2e_latency_ms",
  "itl_ms",
  "input_length",
  "requested_output_length",
  "output_length",
  "reused_input_tokens",
  "prefill_worker_idx",
  "decode_worker_idx",
  "prefill_admit_ms",
  "source_held_ms",
  "destination_reserved_ms",
  "destination_activated_ms",
  "decode_admit_ms",
  "source_released_ms",
  "decode_reused_input_tokens",
  "prefill_route_overlap_tokens",
  "decode_route_overlap_tokens",
  "terminal_status",
];

const TABLE = `NVIDIA AIPerf | LLM Metrics
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━┳━━━━━━━┳━━━━━━━━┳━━━━━━━━┳━━━━━━━━┳━━━━━━━━┳━━━━━━━┓
┃ Metric                                             ┃    avg ┃   min ┃    max ┃    p99 ┃    p90 ┃    p75 ┃   std ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━╇━━━━━━━╇━━━━━━━━╇━━━━━━━━╇━━━━━━━━╇━━━━━━━━╇━━━━━━━┩
┃ Time to First Token (ms)                           ┃  33.38 ┃ 28.86 ┃  37.90 ┃  37.90 ┃  37.90 ┃  37.90 ┃  4.52 ┃
┃ Time to Second Token (ms)                          ┃   5.78 ┃  5.78 ┃   5.79 ┃   5.79 ┃   5.79 ┃   5.79 ┃  0.01 ┃
┃ Request Latency (ms)                               ┃  60.42 ┃ 51.97 ┃  68.86 ┃  68.86 ┃  68.86 ┃  68.86 ┃  8.45 ┃
┃ Inter Token Latency (ms)                           ┃   9.01 ┃  5.78 ┃  25.17 ┃  25.15 ┃  25.15 ┃   5.80 ┃  7.23 ┃
┃ Output Token Throughput Per User (tokens/sec/user) ┃ 150.81 ┃ 39.72 ┃ 173.12 ┃ 172.95 ┃ 172.95 ┃ 172.95 ┃ 49.68 ┃
┃ Output Token Throughput (tokens/sec)               ┃  86.99 ┃   N/A ┃    N/A ┃    N/A ┃    N/A ┃    N/A ┃   N/A ┃
┃ Request Throughput (requests/sec)                  ┃  21.75 ┃   N/A ┃    N/A ┃    N/A ┃    N/A ┃    N/A ┃   N/A ┃
┃ Request Count (requests)                           ┃   2.00 ┃   N/A ┃    N/A ┃    N/A ┃    N/A ┃    N/A ┃   N/A ┃
└━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┴━━━━━━━━┴━━━━━━━┴━━━━━━━━┴━━━━━━━━┴━━━━━━━━┴━━━━━━━━┴━━━━━━━┘
Wall Time (ms): …
Prefix Cache Reused Ratio: 0.30
First Admission Prefix Cache Reused Ratio: 0.30
Saved full report to: out/result.json
`;

describe("DYN_ROUTER_POLICY_CONFIG", () => {
  const classes = JSON.stringify({
    default_policy_family: "chat",
    uncached_isl_buckets: [{ min_tokens: 0, bucket: "any" }],
    policy_classes: [{ name: "all", policy_family: "chat", cache_bucket: "any", quantum: 100 }],
  });
  const args = ["replay", "trace.jsonl", "--json", "--router-mode", "kv_router", "--num-workers", "2"];
  const env = { DYN_ROUTER_POLICY_CONFIG: "missing.yaml" };
  const cwd = folderWith({ "trace.jsonl": smallTrace, "classes.yaml": classes });

  test("is the flag where there is none", async () => {
    const { code, stderr } = await runCli(args, { cwd, env });
    expect(code).toBe(2);
    expect(stderr).toContain("note: --router-policy-config is missing.yaml, from DYN_ROUTER_POLICY_CONFIG\n");
    expect(stderr).toContain("--router-policy-config: ");
  });

  test("yields to the flag, and counts for nothing when empty", async () => {
    const flag = await runCli([...args, "--router-policy-config", "classes.yaml"], { cwd, env });
    const empty = await runCli(args, { cwd, env: { DYN_ROUTER_POLICY_CONFIG: "" } });
    expect([flag.code, empty.code, flag.stderr, empty.stderr]).toEqual([0, 0, "", ""]);
    expect(JSON.parse(flag.stdout)).toMatchObject({ completed_requests: 2 });
  });
});
