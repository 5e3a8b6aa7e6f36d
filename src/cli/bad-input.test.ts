import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { folderWith, runCli, smallTrace } from "../../test/run-cli.ts";

test("a policy module that never finishes loading ends the run with a message", async () => {
  const cwd = folderWith({ "trace.jsonl": smallTrace, "waits.mjs": "await new Promise(() => {});" });
  const { code, stderr } = await runCli(["replay", "trace.jsonl", "--policy", "./waits.mjs"], { cwd });
  expect(stderr).toContain(
    "windtunnel: ended without a result: a policy module waits for something that never happens\n",
  );
  expect(code).toBe(1);
});

describe("bad input: one clear line each, exit 2, no stack trace, nothing written", () => {
  const trace = ["replay", "trace.jsonl"];
  const deployment = ["--backend", "vllm", "--system", "h200_sxm", "--model", "meta-llama/Llama-3.1-8B"];
  test.each<[string, string[], RegExp]>([
    [
      "unknown flag",
      [...trace, "--num-wokers", "2"],
      /^windtunnel: unknown option '--num-wokers' \(Did you mean --num-workers\?\)\n$/,
    ],
    ["a command every object has", ["perf", "constructor"], /^windtunnel: unknown command "perf constructor"; known: /],
    ["a schema every object has", ["schema", "constructor"], /^windtunnel: unknown schema "constructor"; known: /],
    [
      "more samples than can be kept",
      ["sweep", "trace.jsonl", "--vary", "engine.startup_time=uniform:0:5", "--samples", "1000000000000"],
      /^windtunnel: --samples: 1000000000000 runs; at most 10000000 are allowed\n$/,
    ],
    [
      "a calibration in the place of what was measured",
      ["perf", "calibrate", "trace.jsonl", "--out", "./trace.jsonl", ...deployment],
      /^windtunnel: --out: \.\/trace\.jsonl is the file of measurements; give another path\n/,
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
      "beginning of several flags",
      [...trace, "--sla", "2"],
      /^windtunnel: option '--sla' is the beginning of --sla-ttft-ms, --sla-itl-ms and --sla-e2e-ms; expected one of them\n$/,
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
    [
      "a slow-motion of centuries",
      [...trace, "--arrival-speedup-ratio", "1e-300"],
      /^windtunnel: --arrival-speedup-ratio: found 1e-300, which stretches the arrivals over more than ten years; /,
    ],
    [
      "a rate of a request in centuries",
      ["replay", "--input-tokens", "9", "--output-tokens", "9", "--request-count", "9", "--request-rate", "1e-300"],
      /^windtunnel: the arrivals would take more than ten years: is a rate, a gap or a think time in another unit\?\n$/,
    ],
    [
      "a think time of centuries",
      [
        ..."replay --input-tokens 9 --output-tokens 9 --request-count 9 --request-rate 9".split(" "),
        ..."--turns-per-session 2 --inter-turn-delay-ms 1e300".split(" "),
      ],
      /^windtunnel: a think time would take more than ten years: /,
    ],
    [
      "a key twice",
      [...trace, "--extra-engine-args", '{"block_size": 64, "block_size": 32}'],
      /^windtunnel: --extra-engine-args: the key "block_size" stands twice\n$/,
    ],
    [
      "knobs that lack, of a policy by flag",
      [...trace, "--policy", "schedule"],
      /^windtunnel: --policy-config entries: found none, expected at least one\n$/,
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
    [
      "rows onto a file named -",
      [...trace, "--report-jsonl", "-"],
      /^windtunnel: --report-jsonl: found "-", expected a path; \/dev\/stdout leads to standard output\n$/,
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
});
