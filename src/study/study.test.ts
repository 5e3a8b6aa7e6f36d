import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/config-error.ts";
import type { SweepRow } from "../sweep/sweep-row.ts";
import { staticName } from "./fixed-fleet.ts";
import { attainmentFor, hoursFor } from "./oracle-bound.ts";
import { checkedStudy } from "./run-study.ts";
import { studyCells } from "./study-cells.ts";
import { plannedBounds } from "./planned-bounds.ts";
import { readStudyPlan } from "./study-plan.ts";
import { studyOptions, studyPoints } from "./study-points.ts";
import { summarize } from "./study-summary.ts";
import { markdownTables, overviewTables, studyTables } from "./study-tables.ts";

const plan = {
  traces: [{ name: "chat", trace: "preset:conversation" }],
  policies: ["dynamo", { name: "hpa-8", policy: "hpa", policy_config: { tolerance: 0.2 } }],
  startup_times: [0, 60],
  static_fleets: [4, 1],
  sla_ttft_ms: 1500,
  sla_itl_ms: 50,
  replay: { num_workers: 2, extra_engine_args: { block_size: 64 }, planner_config: { mode: "agg" } },
};
const read = (changes: object = {}) => readStudyPlan(JSON.stringify({ ...plan, ...changes }), null);

describe("a plan", () => {
  it("becomes runs: fixed fleets once a trace, policies at every start-up time", async () => {
    const points = studyPoints(await read());
    expect(points.map(({ values }) => [values["policy"], values["startup_seconds"]])).toEqual([
      ["fixed-1", null],
      ["fixed-4", null],
      ["dynamo", 0],
      ["hpa-8", 0],
      ["dynamo", 60],
      ["hpa-8", 60],
    ]);
  });

  it("gives every run its policy, knobs, start-up time and the bounds it is judged by", async () => {
    const study = await read();
    const options = studyPoints(study).map((point) => studyOptions(study, point));
    expect(options[1]).toEqual({
      trace: "preset:conversation",
      seed: 0,
      slaTtftMs: 1500,
      slaItlMs: 50,
      numWorkers: 4,
      extraEngineArgs: { block_size: 64 },
    });
    expect(options[5]).toEqual({
      trace: "preset:conversation",
      seed: 0,
      slaTtftMs: 1500,
      slaItlMs: 50,
      numWorkers: 2,
      extraEngineArgs: { block_size: 64, startup_time: 60 },
      plannerConfig: { ttft_ms: 1500, itl_ms: 50, mode: "agg" },
      policy: "hpa",
      policyConfig: { tolerance: 0.2 },
    });
    // Workers that are ready at once are what engines have without a start-up time.
    expect(options[2]!.extraEngineArgs).toEqual({ block_size: 64 });
  });

  it("starts replicas at once where the plan says so, and as the engine arguments say where it says nothing", async () => {
    const replay = { extra_engine_args: { startup_time: 60 } };
    const startsOf = async (changes: object) => {
      const plan = await checkedStudy(await read({ replay, ...changes }));
      return studyPoints(plan).flatMap((point) => {
        const { startup_time: runs } = studyOptions(plan, point).extraEngineArgs as { startup_time?: number };
        return point.values["startup_seconds"] === null ? [] : [[point.values["startup_seconds"], runs]];
      });
    };
    expect(new Set((await startsOf({ startup_times: [0, 60, 90] })).map(String))).toEqual(
      new Set(["0,0", "60,60", "90,90"]),
    );
    expect(new Set((await startsOf({ startup_times: undefined })).map(String))).toEqual(new Set(["60,60"]));
  });

  it("puts a policy's own planner settings before those all share", async () => {
    const study = await read({
      policies: [{ name: "tight", policy: "dynamo", planner_config: { itl_ms: 30 } }],
      replay: { ...plan.replay, planner_config: { mode: "agg", itl_ms: 40 } },
    });
    const options = studyPoints(study).map((point) => studyOptions(study, point));
    expect(options.at(-1)!.plannerConfig).toEqual({ mode: "agg", ttft_ms: 1500, itl_ms: 30 });
  });

  it("holds policies of two pools against fixed fleets of both, from each trace's own start", async () => {
    const study = await read({
      traces: [
        { name: "chat", trace: "preset:conversation" },
        { name: "code", trace: "preset:toolagent", num_prefill_workers: 5 },
      ],
      policies: ["slo"],
      startup_times: [60],
      static_fleets: ["12p2d", "3p1d", "3p1d"],
      replay: { num_prefill_workers: 1, num_decode_workers: 2, prefill_engine_args: {}, decode_engine_args: {} },
    });
    const options = studyPoints(study).map((point) => studyOptions(study, point));
    expect(studyPoints(study).map(({ values }) => values["policy"])).toEqual(
      ["fixed-3p1d", "fixed-12p2d", "slo"].flatMap((name, _, all) => (name === "slo" ? [name, ...all] : [name])),
    );
    const engines = { prefillEngineArgs: {}, decodeEngineArgs: {} };
    const common = { seed: 0, slaTtftMs: 1500, slaItlMs: 50 };
    const fixed = { trace: "preset:conversation", ...common, ...engines, numPrefillWorkers: 3, numDecodeWorkers: 1 };
    expect(options[0]).toEqual(fixed);
    expect(options[1]).toEqual({ ...fixed, numPrefillWorkers: 12, numDecodeWorkers: 2 });
    expect(options[2]).toMatchObject({
      numPrefillWorkers: 1,
      numDecodeWorkers: 2,
      prefillEngineArgs: { startup_time: 60 },
    });
    expect(options[5]).toMatchObject({
      numPrefillWorkers: 5,
      numDecodeWorkers: 2,
      decodeEngineArgs: { startup_time: 60 },
    });
  });

  it("puts fixed fleets in order of their workers in all", async () => {
    const replay = { prefill_engine_args: {}, decode_engine_args: {} };
    const { staticFleets } = await read({ static_fleets: ["3p9d", "5p1d", "1p2d"], replay });
    expect(staticFleets.map(staticName)).toEqual(["fixed-1p2d", "fixed-5p1d", "fixed-3p9d"]);
  });

  it.each([
    [{ static_fleets: [0] }, "static_fleets", 'expected a number of workers, or "3p1d"'],
    [{ static_fleets: ["3p"] }, "static_fleets", 'expected a number of workers, or "3p1d"'],
    [{ static_fleets: ["0p1d"] }, "static_fleets", 'expected a number of workers, or "3p1d"'],
    [{ static_fleets: [2, "3p1d"] }, "static_fleets", "3p1d: the runs have one pool"],
    [
      { static_fleets: [2, "3p1d"], replay: { prefill_engine_args: {} } },
      "static_fleets",
      "2: the runs have two pools",
    ],
  ])("tells fixed fleets that cannot be run: %j", async (changes, where, message) => {
    const error = await read(changes).then(
      () => null,
      (told: ConfigError) => told,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect(error!.problems).toHaveLength(1);
    expect(error!.problems[0]!.where).toContain(where);
    expect(error!.problems[0]!.message).toContain(message);
  });

  it("tells every mistake", async () => {
    const wrong = read({ policies: ["hpa", "hpa"], replay: { num_worker: 2, seed: 3 } });
    const error = await wrong.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message.split("\n")).toEqual([
      '--plan replay: unknown key "num_worker" (did you mean "num-workers"?)',
      "--plan replay.seed: is for the plan itself, not for what its runs share",
      '--plan policies: the name "hpa" is given twice',
    ]);
  });

  it("tells the same mistake of several policies once, and different ones of the same setting each", async () => {
    const tight = (name: string, ttft_ms: number) => ({ name, policy: "hpa", planner_config: { ttft_ms } });
    const error = await checkedStudy(await read({ policies: [tight("a", -1), tight("b", -2), tight("c", -2)] })).catch(
      (reason: unknown) => reason,
    );
    expect((error as ConfigError).problems.map(({ where, message }) => `${where} ${message}`)).toEqual([
      '--plan policy "a": --planner-config ttft_ms found -1, expected a number above 0',
      '--plan policies "b", "c": --planner-config ttft_ms found -2, expected a number above 0',
    ]);
  });

  it("tells mistakes of policies and traces with those that make the plan unreadable", async () => {
    const wrong = read({
      sla_itl_ms: undefined,
      traces: [{ name: "a", trace: "preset:toolagnt" }, { trace: "b" }, { name: "c", trace: "nowhere.jsonl" }],
      policies: ["dynmo", "slo", 3, { name: "mine", policy: "hpa", policy_config: { targt: 3 } }],
      replay: { num_worker: 2 },
    });
    const error = await wrong.catch((reason: unknown) => reason);
    const places = (error as ConfigError).problems.map(({ where, message }) => `${where} ${message}`);
    expect(places).toEqual(
      [
        "--plan traces[1].name found nothing",
        "--plan policies[2] found 3, expected a policy's name or an object",
        "--plan sla_itl_ms found nothing",
        '--plan replay unknown key "num_worker"',
        '--plan traces preset:toolagnt: unknown preset (did you mean "toolagent"?)',
        "--plan traces cannot read nowhere.jsonl: no such file",
        '--plan policy "dynmo": --policy unknown policy "dynmo" (did you mean "dynamo"?)',
        '--plan policy "mine": --policy-config unknown key "targt"',
      ].map((text) => expect.stringContaining(text) as unknown),
    );
  });
});

const row = (policy: string, startup: number | null, attainment: number, gpuHours: number, events = 0): SweepRow =>
  ({
    run: `${policy}/${startup}`,
    index: 0,
    values: { trace: "chat", policy, startup_seconds: startup, seed: 0 },
    repeat: 0,
    error: null,
    figures: {
      sla_attainment: attainment,
      gpu_hours: gpuHours,
      scale_ups: events,
      scale_downs: 0,
      duration_ms: 1_800_000,
      mean_ttft_ms: 100,
      p90_ttft_ms: 200,
    },
  }) as unknown as SweepRow;

const rows = [
  row("fixed-1", null, 0.5, 1),
  row("fixed-4", null, 0.9, 4),
  row("dynamo", 0, 0.6, 3, 40),
  row("better", 0, 0.8, 2, 4),
  row("dynamo", 60, 0.7, 2),
  row("better", 60, 0.65, 1.5),
];

describe("an oracle's bound", () => {
  const points = [
    { attainment: 0.9, gpuHours: 3 },
    { attainment: 0.5, gpuHours: 1 },
    { attainment: 0.45, gpuHours: 2 },
  ];

  it("is linear between its points, and nothing beyond the best", () => {
    expect(hoursFor(0.7, points)).toBeCloseTo(2);
    expect(hoursFor(0.9, points)).toBe(3);
    expect(hoursFor(0.1, points)).toBe(1);
    expect(hoursFor(0.95, points)).toBeNull();
    expect(attainmentFor(2, points)).toBeCloseTo(0.7);
    expect(attainmentFor(9, points)).toBe(0.9);
    expect(attainmentFor(0.5, points)).toBeNull();
    expect(attainmentFor(1, [...points, { attainment: 0.6, gpuHours: 1 }])).toBe(0.6);
  });

  it("comes from a plan's oracles only", () => {
    const policies = [
      { name: "best", policy: "oracle" },
      { name: "better", policy: "hpa" },
    ];
    const ran = [row("best", 0, 0.9, 2), row("better", 0, 0.8, 2)];
    expect(plannedBounds({ policies } as unknown as Parameters<typeof plannedBounds>[0], ran)).toEqual([
      { trace: "chat", startupSeconds: 0, seed: 0, points: [{ attainment: 0.9, gpuHours: 2 }] },
    ]);
  });
});

describe("the cells of a study", () => {
  const bound = { trace: "chat", startupSeconds: 0, seed: null, points: [{ attainment: 0.8, gpuHours: 1.6 }] };
  const cells = studyCells(rows, [bound]);

  it("hold policies against the ceiling, fixed fleets, the oracle and each other", () => {
    expect(cells).toHaveLength(2);
    const [dynamo, better] = cells[0]!.entries;
    expect(cells[0]!.ceiling).toBe(0.9);
    expect(better).toMatchObject({ ofCeiling: 0.8 / 0.9, ofOracle: 1.25, events: 4, eventsPerHour: 8, onFront: true });
    // Fixed fleets of 2 GPU-hours: a third of the way from 0.5 to 0.9.
    expect(better!.overFixed).toBeCloseTo(0.8 - (0.5 + 0.4 / 3));
    expect(dynamo).toMatchObject({ onFront: false, ofOracle: 1.875 });
    expect(cells[1]!.entries.every(({ ofOracle }) => ofOracle === null)).toBe(true);
  });

  it("take no bound of another seed", () => {
    const other = { ...bound, seed: 9, points: [{ attainment: 0.9, gpuHours: 0.1 }] };
    expect(studyCells(rows, [bound, other])).toEqual(cells);
  });

  it("hold policies against fixed fleets of their own seed, which nobody is held against where none meets a bound", () => {
    const seeded = (one: SweepRow, seed: number) => ({ ...one, values: { ...one.values, seed } });
    const two = [...rows, seeded(row("fixed-9", null, 0, 9), 1), seeded(row("better", 0, 0.8, 2), 1)];
    const [first, , second] = studyCells(two, [bound]);
    expect(first).toEqual(cells[0]);
    expect(second).toMatchObject({ seed: 1, ceiling: 0 });
    expect(second!.entries[0]!.ofCeiling).toBeNull();
    expect(second!.fixed.map(({ policy, overFixed }) => [policy, overFixed])).toEqual([["fixed-9", null]]);
    const overview = overviewTables(studyCells(two), summarize(studyCells(two)));
    expect(overview.map(({ title }) => title)).toEqual([
      "All 2 cells",
      "chat, ceiling 90.0 %",
      "chat, seed 1, ceiling 0.0 %",
    ]);
  });

  it("count as beaten whom one clearly outdoes, at whatever cost, and no fixed fleet one only equals", () => {
    const dear = [...rows, row("dear", 0, 0.9, 4)];
    const summary = summarize(studyCells(dear)).find(({ policy }) => policy === "dear");
    expect(summary).toMatchObject({ beatsReference: 1, beatsFixed: 0 });
  });

  it("are summed up: who beats whom where", () => {
    const [dynamo, better] = summarize(cells);
    expect(dynamo).toMatchObject({ cells: 2, beatsReference: null, beatsFixed: 1, onFront: 1 });
    // In the second cell it is cheaper, but attains less.
    expect(better).toMatchObject({ cells: 2, beatsReference: 1, beatsFixed: 2, leastOfCeiling: 0.65 / 0.9 });
  });

  it("are written as Markdown", () => {
    const markdown = markdownTables(studyTables(cells, summarize(cells)));
    expect(markdown).toContain("### chat, start-up 60 s, ceiling 90.0 %");
    const overview = markdownTables(overviewTables(cells, summarize(cells)));
    expect(overview).toMatch(/\| policy +\| +start-up 0 s \| +start-up 60 s \|/);
    expect(overview).toMatch(/\| better +\| +80\.0 %, 2\.00 h, 4, 1\.25 × \| +65\.0 %, 1\.50 h, 0 \|/);
    expect(markdown).toMatch(/\| better \* +\| +80\.0 % \| +2\.00 \| +4 \| +1\.25 \|/);
  });

  it("keep their columns whatever policies are called", () => {
    const named = [row("a|b", 0, 0.6, 3), row("dynamo", 0, 0.6, 3)];
    const lines = markdownTables(studyTables(studyCells(named), summarize(studyCells(named)))).split("\n");
    const table = lines.filter((line) => line.startsWith("| "));
    expect(table.filter((line) => line.includes("a\\|b"))).toHaveLength(2);
    for (const line of table) expect([9, 11]).toContain(line.split(/(?<!\\)\|/).length - 1);
    expect(new Set(lines.slice(2, 6).map((line) => line.length)).size).toBe(1);
  });

  it("say in full why runs failed", () => {
    const error = `policy "lost" asked for <b>1,000,000</b> replicas,\nwhich is more than a fleet may have: ${"at most 100,000; ".repeat(20)}`;
    const failed = (policy: string, why: string) =>
      ({ ...row(policy, 0, 0, 0), figures: null, error: why }) as SweepRow;
    const with3 = [...rows, failed("lost", error), failed("short", "no luck"), failed("again", error)];
    const [, cell] = studyTables(studyCells(with3), summarize(studyCells(with3)));
    const of = (policy: string) => cell!.rows.find(([name]) => name === policy)![1];
    expect(["lost", "short", "again"].map(of)).toEqual(["failed (1)", "failed (2)", "failed (1)"]);
    const markdown = markdownTables([cell!]);
    const overview = overviewTables(studyCells(with3), summarize(studyCells(with3)))[1]!;
    expect(overview.rows.find(([name]) => name === "lost")).toEqual(["lost", "–", "–"]);
    const [whole, second] = markdown.split("\n").slice(-3);
    expect(whole).toBe(`1. ${error.replaceAll("<", "\\<").replaceAll(/\s+/g, " ")}`);
    expect(second).toBe("2. no luck");
  });
});
