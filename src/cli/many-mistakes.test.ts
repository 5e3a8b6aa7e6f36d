import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { folderWith, runCli, smallTrace } from "../../test/run-cli.ts";

describe("several mistakes are told together, exit 2, nothing written", () => {
  const trace = ["replay", "trace.jsonl"];
  test.each([
    [
      "unknown options",
      [...trace, "--num-wokers", "3", "--semantcs=current", "--nonsense", "--", "--trace"],
      "unknown option '--num-wokers' (Did you mean --num-workers?)\n" +
        "unknown option '--semantcs' (Did you mean --semantics?)\n" +
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
        "bad.jsonl:2: hash_ids is missing (where prompts are known by length only: --trace-format log)\n",
    ],
    [
      "documents that cannot be read, each once",
      [...trace, "--client-config", "no.yaml", "--fault-config", "@", "--planner-config", "."],
      "--fault-config: found nothing, expected JSON, YAML or a path\n" +
        "--client-config: cannot read no.yaml: no such file or directory; expected inline JSON or YAML, or a path to it\n" +
        "--planner-config: cannot read .: it is a directory; expected inline JSON or YAML, or a path to it\n",
    ],
    [
      "numbers of perf estimate",
      ["perf", "estimate", "--batch", "0,1,a", "--isl", "5,", "--prefix", "-1", "--tp", "0"],
      '--batch: found "0", expected whole numbers of at least 1, separated by commas\n' +
        '--batch: found "a", expected whole numbers of at least 1, separated by commas\n' +
        '--isl: found "", expected whole numbers of at least 1, separated by commas\n' +
        '--prefix: found "-1", expected whole numbers of at least 0, separated by commas\n' +
        "--tp: found 0, expected a whole number of at least 1\n",
    ],
    [
      "options of perf check",
      [
        "perf",
        "check",
        "none.csv",
        "--by",
        "modl",
        "--every",
        "0",
        "--worst",
        "x",
        "--overheads",
        "no",
        "--perf-extrapolation",
        "0.13",
        "--perf-data",
        "nowhere",
      ],
      '--by: found "modl" (did you mean "model"?), expected model, system, backend\n' +
        '--every: found "0", expected a whole number of at least 1\n' +
        '--overheads: found "no", expected "none" or "measured"\n' +
        '--perf-extrapolation: found "0.13", expected "0.11" or "0.12"\n' +
        '--worst: found "x", expected a whole number of at least 0\n' +
        "--perf-data: nowhere holds no tables of aiconfigurator (a folder data/ of GPUs)\n",
    ],
    [
      "options of perf fit-overheads",
      ["perf", "fit-overheads", "bad.jsonl", "--every", "0", "--hold-out", "no"],
      '--every: found "0", expected a whole number of at least 1\n' +
        '--hold-out: found "no", expected "half" or "model"\n',
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
        "5000",
        "--out",
        "bad.jsonl",
        "--threshold",
        "3",
      ],
      '--vary: found "x", expected KEY=RANGE such as engine.startup_time=0:300:10\n' +
        "--vary y: the step must be above 0, found -1\n" +
        '--repeats: found "no", expected a whole number of at least 1\n' +
        '--parallel: found "5000", expected a whole number from 1 to 1024\n' +
        "--out: bad.jsonl is no folder\n" +
        '--threshold: found "3", expected a share above 0 and up to 1 such as 0.9\n',
    ],
    [
      "plan and options of a sweep",
      [
        "sweep",
        "--plan",
        '{"vary": {"a.x": "5:1:1"}, "repeat": 3, "replay": {"num_worker": 2}}',
        "--vary",
        "y=1:2:-1",
        "--samples",
        "0",
      ],
      '--plan: unknown key "repeat" (did you mean "repeats"?)\n' +
        '--plan replay: unknown key "num_worker" (did you mean "num-workers"?)\n' +
        "--plan vary.a.x: the range 5:1 is empty\n" +
        "--vary y: the step must be above 0, found -1\n" +
        '--samples: found "0", expected a whole number of at least 1\n',
    ],
    [
      "options of a recommendation",
      ["recommend", "trace.jsonl", "--attainment", "3", "--runs", "0", "--out", ""],
      '--attainment: found "3", expected a share above 0 to 1\n' +
        '--runs: found "0", expected a whole number of at least 1\n' +
        '--out: found "", expected a folder\n',
    ],
    [
      "options and plan of a study",
      [
        "study",
        "--parallel",
        "0",
        "--out",
        "bad.jsonl",
        "--oracle",
        "no.json",
        "--plan",
        '{"traces": [{"name": "a", "trace": "no.jsonl"}, {"name": "b", "trace": "preset:spiek"}], "policies": ["static", {"policy": "hpa", "policy_config": {"tolerance": 9}}], "sla_ttft_ms": 1500, "sla_itl_ms": 50}',
      ],
      '--parallel: found "0", expected a whole number from 1 to 1024\n' +
        "--out: bad.jsonl is no folder\n" +
        "--oracle: cannot read no.json: no such file or directory; expected inline JSON or YAML, or a path to it\n" +
        '--plan policy "hpa": --policy-config tolerance: found 9, expected a number from 0 to 1\n' +
        "--plan traces: cannot read no.jsonl: no such file; --traces FOLDER says where trace files are\n" +
        '--plan traces: preset:spiek: unknown preset (did you mean "spike"?); known: toolagent, conversation, synthetic, wave, step, spike, batches, drift\n',
    ],
    [
      "options of a calibration",
      ["perf", "calibrate", "none.csv", "--workers", "0", "--fit-share", "2"],
      "perf calibrate needs --backend, --system and --model (or aic_* in --extra-engine-args)\n" +
        '--fit-share: found "2", expected a number above 0 and up to 1\n' +
        '--workers: found "0", expected a whole number of at least 1\n' +
        "none.csv: no such file or directory\n",
    ],
    [
      "results to compare",
      ["compare", "none.json", "bad.jsonl", "--html", "page.html"],
      "none.json: cannot read it: no such file or directory\nbad.jsonl: not a result of windtunnel replay but, it seems, a trace (mooncake): ",
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
    expect(stderr.trimEnd().split("\n")).toHaveLength(lines.trimEnd().split("\n").length);
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
