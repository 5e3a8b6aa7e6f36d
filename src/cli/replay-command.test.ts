import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { builtProgram, runCli, scratchFolder } from "../../test/run-cli.ts";

/** Two requests that share their first block, one of them long. */
const smallTrace = [
  '{"timestamp": 0, "input_length": 1000, "output_length": 3, "hash_ids": [1, 2]}',
  '{"timestamp": 40, "input_length": 700, "output_length": 5, "hash_ids": [1, 3]}',
].join("\n");

function folderWith(files: Record<string, string | Buffer> = { "trace.jsonl": smallTrace }): string {
  const cwd = scratchFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  return cwd;
}

const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;

describe("reports", () => {
  test("the table, byte for byte, and the result beside it", async () => {
    const cwd = folderWith();
    const { code, stdout, stderr } = await runCli(
      ["replay", "trace.jsonl", "--semantics", "dynamo-1.4", "--report-json", "out/result.json"],
      { cwd },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // As ai-dynamo 1.4.2 prints it for the same trace, but for its wall time, and with exact percentiles where it prints
    // those of a sketch (inter-token latency and throughput per user: p99, p90, p75).
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

describe("bad input: one clear line each, exit 2, no stack trace, nothing written", () => {
  const trace = ["replay", "trace.jsonl"];
  test.each<[string, string[], RegExp]>([
    [
      "unknown flag",
      [...trace, "--num-worker", "2"],
      /^windtunnel: unknown option '--num-worker' \(Did you mean --num-workers\?\)\n$/,
    ],
    [
      "name like one of many",
      [...trace, "--trace-format", "moncake"],
      /^windtunnel: --trace-format: found "moncake", expected one of "auto", .* \(did you mean "mooncake"\?\)\n$/,
    ],
    [
      "unknown knob among few",
      [...trace, "--policy", "kpa", "--policy-config", '{"zzz":1}'],
      /^windtunnel: --policy-config: unknown key "zzz"; known are .*min_replicas/,
    ],
    [
      "beginning of a flag, with a value",
      [...trace, "--arrival-speedup=2"],
      /^windtunnel: unknown option '--arrival-speedup' \(Did you mean --arrival-speedup-ratio\?\)\n$/,
    ],
    [
      "beginning of several flags",
      [...trace, "--sla", "2"],
      /^windtunnel: unknown option '--sla' \(Did you mean --sla-ttft-ms or --sla-itl-ms or --sla-e2e-ms\?\)\n$/,
    ],
    [
      "flag like no other",
      [...trace, "--gpu-budget", "8"],
      /^windtunnel: unknown option '--gpu-budget' \(--help lists all\)\n$/,
    ],
    [
      "infinity",
      [...trace, "--max-sim-time-seconds", "inf"],
      /^windtunnel: --max-sim-time-seconds: found Infinity, expected a finite number above 0\n$/,
    ],
    ["missing value", [...trace, "--num-workers"], /^windtunnel: option '--num-workers <N>' argument missing\n$/],
    [
      "no worker",
      [...trace, "--num-workers", "0"],
      /^windtunnel: --num-workers: found 0, expected a whole number from 1 to 100000\n$/,
    ],
    [
      "words for a number",
      [...trace, "--num-workers", "two"],
      /^windtunnel: --num-workers: found "two", expected a whole number/,
    ],
    [
      "no number",
      [...trace, "--arrival-speedup-ratio", "nan"],
      /^windtunnel: --arrival-speedup-ratio: found NaN, expected a finite number above 0\n$/,
    ],
    [
      "negative number",
      [...trace, "--sla-ttft-ms", "-5"],
      /^windtunnel: --sla-ttft-ms: found -5, expected a number above 0\n$/,
    ],
    [
      "unknown choice",
      [...trace, "--router-mode", "random"],
      /^windtunnel: --router-mode: found "random", expected one of "round_robin", "kv_router"\n$/,
    ],
    [
      "online mode",
      [...trace, "--replay-mode", "online"],
      /^windtunnel: --replay-mode: found "online", expected "offline"/,
    ],
    ["nothing to replay", ["replay"], /^windtunnel: nothing to replay: /],
    [
      "trace and synthetic",
      [...trace, "--input-tokens", "5"],
      /^windtunnel: found both a trace \(trace.jsonl\) and a synthetic workload \(--input-tokens\)/,
    ],
    [
      "half a synthetic workload",
      ["replay", "--input-tokens", "5", "--request-rate", "1"],
      /^windtunnel: a synthetic workload also needs --output-tokens and --request-count\n$/,
    ],
    [
      "two drivers",
      [
        "replay",
        "--input-tokens",
        "5",
        "--output-tokens",
        "5",
        "--request-count",
        "5",
        "--request-rate",
        "1",
        "--replay-concurrency",
        "3",
      ],
      /exactly one of .*; found --replay-concurrency and --request-rate\n$/,
    ],
    [
      "rate with a trace",
      [...trace, "--request-rate", "3"],
      /^windtunnel: --request-rate: found 3, but a trace brings its own arrivals/,
    ],
    [
      "half a pair",
      [...trace, "--prefill-engine-args", "{}"],
      /^windtunnel: --decode-engine-args: is missing; --prefill-engine-args needs it\n$/,
    ],
    [
      "both topologies",
      [...trace, "--extra-engine-args", "{}", "--prefill-engine-args", "{}", "--decode-engine-args", "{}"],
      /^windtunnel: --extra-engine-args: is for aggregated runs/,
    ],
    [
      "pools that differ",
      [...trace, "--prefill-engine-args", '{"block_size":16}', "--decode-engine-args", "{}"],
      /block_size differs \(16, 64\)/,
    ],
    [
      "half an estimator",
      [...trace, "--aic-tp-size", "2"],
      /also needs --aic-backend and --aic-system and --aic-model-path\n$/,
    ],
    [
      "a closed loop of agents",
      [...trace, "--trace-format", "applied-compute-agentic"],
      /"applied_compute_agentic" needs --replay-concurrency/,
    ],
    [
      "unknown engine argument",
      [...trace, "--extra-engine-args", '{"num_gpu_block": 3}'],
      /^windtunnel: --extra-engine-args: unknown key "num_gpu_block" \(did you mean "num_gpu_blocks"\?\)\n$/,
    ],
    [
      "impossible pool",
      [...trace, "--extra-engine-args", '{"num_gpu_blocks": 0}'],
      /^windtunnel: --extra-engine-args num_gpu_blocks: found 0, expected a whole number of at least 1\n$/,
    ],
    [
      "truncated engine arguments",
      [...trace, "--extra-engine-args", '{"num_gpu_blocks": 3'],
      /^windtunnel: --extra-engine-args: neither JSON nor YAML: .*\n$/,
    ],
    [
      "missing file of arguments",
      [...trace, "--extra-engine-args", "nowhere.yaml"],
      /^windtunnel: --extra-engine-args: cannot read nowhere.yaml: no such file or directory; expected inline JSON or YAML, or a path to it\n$/,
    ],
    ["missing trace", ["replay", "nowhere.jsonl"], /^windtunnel: nowhere.jsonl: .*no such file/],
    ["empty trace", ["replay", "empty.jsonl"], /^windtunnel: empty.jsonl: /],
    ["truncated line", ["replay", "cut.jsonl"], /^windtunnel: cut.jsonl:2: /],
    ["wrong type", ["replay", "type.jsonl"], /^windtunnel: type.jsonl:1: /],
    ["negative length", ["replay", "negative.jsonl"], /^windtunnel: negative.jsonl:1: /],
    [
      "planner typo",
      [...trace, "--planner-config", '{"mode":"agg","ttft_mss":5}'],
      /^windtunnel: --planner-config: unknown key "ttft_mss" \(did you mean "ttft_ms"\?\)\n$/,
    ],
    [
      "missing policy",
      [...trace, "--policy", "./nowhere.mjs"],
      /^windtunnel: --policy: cannot load .\/nowhere.mjs: no such module\n$/,
    ],
    [
      "a module missing from a policy",
      [...trace, "--policy", "./torn.mjs"],
      /^windtunnel: --policy: cannot load .\/torn.mjs: Cannot find module '.*nowhere.mjs' imported from .*torn.mjs\n$/,
    ],
    [
      "not a policy",
      [...trace, "--policy", "./empty.mjs"],
      /^windtunnel: --policy: the default export of .\/empty.mjs gives nothing, expected a policy/,
    ],
    ["unknown command", ["replya"], /^windtunnel: unknown command "replya" \(did you mean "replay"\?\)/],
    ["unknown schema", ["schema", "results"], /^windtunnel: unknown schema "results" \(did you mean "result"\?\)/],
    [
      "report below a file",
      [...trace, "--report-json", "trace.jsonl/r.json"],
      /^windtunnel: cannot write trace.jsonl\/r.json: /,
    ],
    [
      "the result onto the trace",
      [...trace, "--report-json", "./trace.jsonl"],
      /^windtunnel: --report-json: trace.jsonl is the trace; give another path\n$/,
    ],
    [
      "the page onto its configuration",
      [...trace, "--policy", "./empty.mjs", "--extra-engine-args", "@engine.json", "--report-html", "engine.json"],
      /^windtunnel: --policy: /,
    ],
    [
      "rows onto the configuration",
      [...trace, "--extra-engine-args", "@engine.json", "--report-jsonl", "engine.json"],
      /^windtunnel: --report-jsonl: engine.json is what --extra-engine-args reads; give another path\n$/,
    ],
    [
      "two reports into one file",
      [...trace, "--report-json", "new/r", "--report-html", "./new/../new/r"],
      /^windtunnel: --report-html: .* is where --report-json leads; give another path\n$/,
    ],
    ["an empty path of a trace", ["replay", ""], /^windtunnel: trace: the path is empty\n$/],
    ["rows onto a folder", [...trace, "--report-jsonl", "."], /^windtunnel: cannot write \.: it is a directory\n$/],
  ])("%s", async (_, args, line) => {
    const cwd = folderWith({
      "trace.jsonl": smallTrace,
      "empty.jsonl": "",
      "cut.jsonl": `${smallTrace.split("\n")[0]}\n{"timestamp": 1, "inp`,
      "type.jsonl": '{"timestamp": 0, "input_length": "many", "output_length": 3, "hash_ids": [1]}',
      "negative.jsonl": '{"timestamp": 0, "input_length": 10, "output_length": -3, "hash_ids": [1]}',
      "empty.mjs": "",
      "engine.json": "{}",
      "torn.mjs": 'import "./nowhere.mjs";',
    });
    const before = readdirSync(cwd);
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect(stderr).toMatch(line);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(readdirSync(cwd)).toEqual(before);
  });

  test.each([
    [
      "unknown options",
      [...trace, "--num-worker", "3", "--semantic=current", "--nonsense", "--", "--trace"],
      "unknown option '--num-worker' (Did you mean --num-workers?)\n" +
        "unknown option '--semantic' (Did you mean --semantics?)\n" +
        "unknown option '--nonsense' (--help lists all)\n",
    ],
    [
      "missing traces",
      ["replay", "no.jsonl", "trace.jsonl", "none.jsonl"],
      "no.jsonl: no such file\nnone.jsonl: no such file\n",
    ],
    [
      "lines of a trace",
      ["replay", "bad.jsonl"],
      'bad.jsonl:1: output_length is missing (found "output_len": did you mean "output_length"?)\n' +
        "bad.jsonl:2: hash_ids is missing\n",
    ],
    [
      "paths of reports",
      [...trace, "--report-json", ".", "--report-jsonl", "trace.jsonl/x", "--report-html", "trace.jsonl/y"],
      "cannot write trace.jsonl/x: a part of the path is not a directory\n" +
        "cannot write trace.jsonl/y: a part of the path is not a directory\n",
    ],
    [
      "options of a sweep",
      [
        "sweep",
        "trace.jsonl",
        "--vary",
        "x",
        "--vary",
        "y=1:2:-1",
        "--repeats",
        "no",
        "--parallel",
        "0",
        "--out",
        "bad.jsonl",
        "--threshold",
        "3",
      ],
      '--vary: found "x", expected KEY=RANGE such as engine.startup_time=0:300:10\n' +
        "--vary y: the step must be above 0, found -1\n" +
        '--repeats: found "no", expected a whole number of at least 1\n' +
        '--parallel: found "0", expected a whole number of at least 1\n' +
        "--out: bad.jsonl is no folder\n" +
        '--threshold: found "3", expected a share above 0 and up to 1 such as 0.9\n',
    ],
    [
      "options of a recommendation",
      ["recommend", "trace.jsonl", "--attainment", "3", "--runs", "0", "--out", ""],
      '--attainment: found "3", expected a share above 0 to 1\n' +
        '--runs: found "0", expected a whole number of at least 1\n' +
        '--out: found "", expected a folder\n',
    ],
    [
      "results to compare",
      ["compare", "none.json", "bad.jsonl", "--html", "page.html"],
      "none.json: cannot read it: no such file or directory\nbad.jsonl: not JSON: ",
    ],
    [
      "traces to convert",
      ["trace", "convert", "no.jsonl", "none.jsonl", "-o", "x"],
      "no.jsonl: no such file\nnone.jsonl: no such file\n",
    ],
  ])("all mistakes at once: %s", async (_, args, lines) => {
    const cwd = folderWith({
      "trace.jsonl": smallTrace,
      "bad.jsonl":
        '{"timestamp": 0, "output_len": 3, "hash_ids": [1]}\n{"timestamp": 0, "input_length": 9, "output_length": 3}',
    });
    const before = readdirSync(cwd);
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect(stderr.replaceAll(/^windtunnel: /gm, "")).toContain(lines);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(readdirSync(cwd)).toEqual(before);
  });

  test("all mistakes of all configurations at once", async () => {
    const { code, stderr } = await runCli(
      [
        "replay",
        "trace.jsonl",
        "--num-workers",
        "0",
        "--extra-engine-args",
        '{"x": 1, "dp_size": 0}',
        "--planner-config",
        '{"ttft_ms": -1}',
      ],
      { cwd: folderWith() },
    );
    expect(code).toBe(2);
    expect(stderr.trim().split("\n").toSorted()).toEqual([
      "windtunnel: --extra-engine-args dp_size: found 0, expected a whole number of at least 1",
      'windtunnel: --extra-engine-args: unknown key "x"',
      "windtunnel: --num-workers: found 0, expected a whole number from 1 to 100000",
      "windtunnel: --planner-config ttft_ms: found -1, expected a number above 0",
    ]);
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

  test("SIGINT writes what is finished and exits with 130", async () => {
    const cwd = folderWith();
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
        "--report-json",
        "r.json",
      ],
      { cwd, interruptAfterMs: 2500 },
    );
    expect(code).toBe(130);
    expect(stderr).toMatch(/^warning: ended early: interrupted/m);
    const result = readJson(join(cwd, "r.json"));
    expect(result["ended_early"]).toMatchObject({ kind: "interrupted" });
    expect(result["completed_requests"]).toBeGreaterThan(0);
    expect(result["completed_requests"]).toBeLessThan(400_000);
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
┃ Inter Token Latency (ms)                           ┃   9.01 ┃  5.78 ┃  25.17 ┃  25.17 ┃  25.17 ┃   5.79 ┃  7.23 ┃
┃ Output Token Throughput Per User (tokens/sec/user) ┃ 150.81 ┃ 39.72 ┃ 173.12 ┃ 173.12 ┃ 173.12 ┃ 173.12 ┃ 49.68 ┃
┃ Output Token Throughput (tokens/sec)               ┃  86.99 ┃   N/A ┃    N/A ┃    N/A ┃    N/A ┃    N/A ┃   N/A ┃
┃ Request Throughput (requests/sec)                  ┃  21.75 ┃   N/A ┃    N/A ┃    N/A ┃    N/A ┃    N/A ┃   N/A ┃
┃ Request Count (requests)                           ┃   2.00 ┃   N/A ┃    N/A ┃    N/A ┃    N/A ┃    N/A ┃   N/A ┃
└━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┴━━━━━━━━┴━━━━━━━┴━━━━━━━━┴━━━━━━━━┴━━━━━━━━┴━━━━━━━━┴━━━━━━━┘
Wall Time (ms): …
Prefix Cache Reused Ratio: 0.30
First Admission Prefix Cache Reused Ratio: 0.30
Saved full report to: out/result.json
`;
