import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { openTrace } from "../trace/open-trace.ts";
import { worstOutcome } from "./candidate-runner.ts";
import { candidateOptions, candidateSettings } from "./candidate.ts";
import { commandOf } from "./recommendation-text.ts";
import { tunedAttainment } from "./recommendation.ts";
import { chosenFor, favouriteOf, finalistsOf, isKept, nearlyCheapest } from "./selection.ts";
import type { ScoredTrial } from "./search.ts";
import { ranked, search } from "./search.ts";
import type { Evaluate, Trial } from "./search.ts";
import { recommendable, searchFamilies } from "./search-space.ts";
import type { Family } from "./search-space.ts";
import { splitTrace } from "./trace-halves.ts";

const family = (overrides: Partial<Family> = {}): Family => ({
  policy: "hpa",
  topology: "agg",
  tensorParallel: 1,
  dimensions: [
    { key: "policy.target", values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
    { key: "planner.min_endpoint", values: [1, 2, 3, 4, 5, 6] },
  ],
  ...overrides,
});

/** A landscape with one cheapest setting that holds 0.9: target 7 with a floor of 3. */
const landscape: Evaluate = (candidates) =>
  Promise.resolve(
    candidates.map((candidate) => {
      const settings = candidateSettings(candidate);
      const target = (settings["policy.target"] as number | undefined) ?? 1;
      const floor = (settings["planner.min_endpoint"] as number | undefined) ?? 1;
      const replicas = Math.max(floor, 10 - target);
      const attainment = replicas >= 3 ? 0.9 : 0.5 + 0.1 * replicas;
      return { attainment, gpuHours: replicas + Math.abs(target - 7) * 0.1 };
    }),
  );

describe("the search", () => {
  it("finds the cheapest setting that holds in a fraction of the grid", async () => {
    const trials = await search([family()], { attainment: 0.9, runs: 35, seed: 1 }, landscape);
    expect(trials).toHaveLength(35);
    expect(ranked(trials, 0.9)[0]!.outcome).toEqual({ attainment: 0.9, gpuHours: 3 });
  });

  it("asks for more than is to be held while tuning, but for no more than all", () => {
    expect(tunedAttainment({ attainment: 0.9, margin: 0.05 })).toBeCloseTo(0.95, 12);
    expect(tunedAttainment({ attainment: 0.995, margin: 0.01 })).toBe(1);
  });

  it("is the same for the same seed, begins with the defaults, and never tries a setting twice", async () => {
    const families = [family(), family({ policy: "keda" })];
    const [one, other] = [
      await search(families, { attainment: 0.9, runs: 40, seed: 7 }, landscape),
      await search(families, { attainment: 0.9, runs: 40, seed: 7 }, landscape),
    ];
    expect(one).toEqual(other);
    expect(one.slice(0, 2).map(({ candidate }) => candidateSettings(candidate))).toEqual([{}, {}]);
    expect(new Set(one.map(({ candidate }) => JSON.stringify([candidate.family.policy, candidate.places]))).size).toBe(
      40,
    );
  });

  it("ends when there is nothing new to try", async () => {
    const small = family({ dimensions: [{ key: "run.numWorkers", values: [1, 2] }] });
    expect((await search([small], { attainment: 0.9, runs: 50, seed: 0 }, landscape)).length).toBeLessThanOrEqual(3);
  });

  it("ranks settings that hold by cost, the others by what they attain, and leaves failures out", () => {
    const trial = (attainment: number, gpuHours: number): Trial => ({
      candidate: { family: family(), places: [] },
      outcome: { attainment, gpuHours },
    });
    const trials = [trial(0.8, 1), trial(0.95, 4), trial(0.91, 3), trial(0.85, 9)];
    const failed: Trial = { candidate: { family: family(), places: [] }, outcome: null };
    expect(ranked([failed, ...trials], 0.9).map(({ outcome }) => outcome.gpuHours)).toEqual([3, 4, 9, 1]);
    // What holds exactly holds; of the same cost the one that attains more is better.
    const close = [trial(0.95, 4), trial(0.9, 3), trial(0.93, 4)];
    expect(ranked(close, 0.9).map(({ outcome }) => outcome.attainment)).toEqual([0.9, 0.95, 0.93]);
  });

  it("judges a setting by the worst part of the trace and the cost of all; one that failed is no setting", () => {
    const part = { events: 0, meanGpus: null, meanTtftMs: null, p90TtftMs: null, p99ItlMs: null };
    const parts = [
      { attainment: 0.95, gpuHours: 1, ...part },
      { attainment: 0.9, gpuHours: 2, ...part },
    ];
    expect(worstOutcome(parts)).toEqual({ attainment: 0.9, gpuHours: 3 });
    expect(worstOutcome([...parts, null])).toBeNull();
  });

  it("takes a decode engine's arguments for an aggregated one where those are all there is", () => {
    const candidate = { family: family({ tensorParallel: 2 }), places: [null, null] };
    const { extraEngineArgs } = candidateOptions({ decodeEngineArgs: { block_size: 64 } }, candidate);
    expect(extraEngineArgs).toEqual({ block_size: 64, aic_tp_size: 2 });
  });

  it("offers floors that the GPUs allow every pool", async () => {
    const question = { policies: ["hpa"], tensorParallel: [1], maxGpus: 5, ttftMs: null, itlMs: null };
    const floorsOf = async (topology: Family["topology"]) =>
      (await searchFamilies({ ...question, topologies: [topology] }))[0]!.dimensions.find(
        ({ key }) => key === "planner.min_endpoint",
      )!.values;
    expect(await floorsOf("agg")).toEqual([1, 2, 3, 4, 5]);
    expect(await floorsOf("disagg")).toEqual([1, 2]);
  });
});

describe("settings of the same cost", () => {
  const trial = (policy: string, attainment: number, gpuHours: number, grown: number | null = null) => ({
    candidate: { family: family({ policy }), places: [] },
    outcome: { attainment, gpuHours: 3 * gpuHours },
    cost: gpuHours,
    grown: grown === null ? null : { attainment: grown },
  });

  it("are those that hold and cost at most 2 % more than the cheapest", () => {
    const policies = (...trials: ReturnType<typeof trial>[]) =>
      nearlyCheapest(trials, 0.9).map(({ candidate }) => candidate.family.policy);
    expect(policies(trial("keda", 0.91, 2), trial("static", 0.91, 2.03), trial("hpa", 0.95, 2.1))).toEqual([
      "keda",
      "static",
    ]);
    expect(policies(trial("keda", 0.91, 2), trial("static", 0.89, 1))).toEqual(["keda"]);
    expect(policies(trial("keda", 0.8, 2), trial("static", 0.79, 1))).toEqual([]);
    expect(policies()).toEqual([]);
  });

  it("have the fixed fleet first, or else the cheapest", () => {
    expect(favouriteOf([trial("keda", 0.91, 2, 0.8), trial("static", 0.91, 2.03, 0.8)])).toBe(1);
    expect(favouriteOf([trial("keda", 0.91, 2), trial("static", 0.91, 2.03)])).toBe(1);
    expect(favouriteOf([trial("keda", 0.91, 2, 0.8), trial("hpa", 0.91, 2.03, 0.81)])).toBe(0);
  });

  it("have what holds clearly more of a grown load before either", () => {
    const grows = trial("slo", 0.91, 2.01, 0.85);
    expect(favouriteOf([trial("keda", 0.91, 2, 0.8), grows, trial("static", 0.91, 2.03, 0.6)])).toBe(1);
    expect(favouriteOf([trial("keda", 0.91, 2, 0.8), grows])).toBe(1);
  });
});

describe("what is tested further, and what is told", () => {
  const [hpa, keda, slo] = ["hpa", "keda", "slo"].map((policy) => family({ policy })) as [Family, Family, Family];
  const trial = (of: Family, attainment: number, gpuHours: number): ScoredTrial => ({
    candidate: { family: of, places: [] },
    outcome: { attainment, gpuHours },
  });
  const names = (trials: readonly ScoredTrial[]) =>
    trials.map(({ candidate, outcome }) => `${candidate.family.policy} ${outcome.gpuHours}`);

  it("are the best that differ, half of them of one family at most, and the best of each", () => {
    // The second of hpa did what the first did; its fourth is one too many of a family.
    const best = [1, 1, 2, 3].map((gpuHours) => trial(hpa, 0.9, gpuHours));
    const others = [trial(keda, 0.9, 4), trial(keda, 0.9, 5), trial(keda, 0.9, 6), trial(slo, 0.9, 6)];
    expect(names(finalistsOf([...best, ...others], 4))).toEqual(["hpa 1", "hpa 2", "keda 4", "keda 5", "slo 6"]);
  });

  it("are the first so many, and the best of every family that is not among them", () => {
    const best = [trial(hpa, 0.9, 1), trial(hpa, 0.9, 2), trial(keda, 0.9, 3), trial(keda, 0.9, 4), trial(slo, 0.8, 1)];
    expect(names(chosenFor(best, 2))).toEqual(["hpa 1", "hpa 2", "keda 3", "slo 1"]);
    expect(names(chosenFor(best, 9))).toEqual(names(best));
  });
});

it("a search spends no more runs than it has", async () => {
  for (const runs of [1, 2, 7, 20]) {
    let done = 0;
    const counting: Evaluate = (candidates) => {
      done += candidates.length;
      return landscape(candidates);
    };
    const trials = await search([family(), family({ policy: "keda" })], { attainment: 0.9, runs, seed: 3 }, counting);
    expect([trials.length, done]).toEqual([runs, runs]);
  }
});

describe("the setting as given", () => {
  const setting = (attainment: number, gpuHours: number) => {
    const part = { gpuHours, events: 0, meanGpus: null, meanTtftMs: null, p90TtftMs: null, p99ItlMs: null };
    return { tuned: { attainment: 0.99, ...part }, worst: { attainment, gpuHours: 4 * gpuHours } };
  };

  it("is kept where it holds in every test and nothing that holds costs less", () => {
    expect(isKept(setting(0.91, 2), setting(0.95, 2.1), 0.9)).toBe(true);
    expect(isKept(setting(0.91, 2), setting(0.91, 2), 0.9)).toBe(true);
    expect(isKept(setting(0.91, 2), setting(0.89, 1), 0.9)).toBe(true);
    expect(isKept(setting(0.91, 2), undefined, 0.9)).toBe(true);
  });

  it("is not where it falls short in a test, costs more, or there is none", () => {
    expect(isKept(setting(0.89, 2), setting(0.95, 2.1), 0.9)).toBe(false);
    expect(isKept(setting(0.89, 2), undefined, 0.9)).toBe(false);
    expect(isKept(setting(0.95, 2.2), setting(0.91, 2.1), 0.9)).toBe(false);
    expect(isKept({ tuned: null, worst: null }, setting(0.8, 2), 0.9)).toBe(false);
    expect(isKept(null, setting(0.91, 2), 0.9)).toBe(false);
  });
});

describe("what is searched", () => {
  const question = {
    policies: ["dynamo", "static", "ray-serve"],
    topologies: ["agg", "disagg"] as const,
    tensorParallel: [1, 4],
    maxGpus: 6,
    ttftMs: 1000,
    itlMs: 40,
  };

  it("is every policy on every topology that fits the GPUs", async () => {
    const families = await searchFamilies(question);
    expect(families.map(({ policy, topology, tensorParallel }) => `${policy} ${topology} ${tensorParallel}`)).toEqual(
      ["dynamo", "static", "ray-serve"].flatMap((policy) => [
        `${policy} agg 1`,
        `${policy} agg 4`,
        `${policy} disagg 1`,
      ]),
    );
    const fixed = families.find(({ policy, topology }) => policy === "static" && topology === "disagg")!;
    expect(fixed.dimensions.map(({ key }) => key)).toEqual(["run.numPrefillWorkers", "run.numDecodeWorkers"]);
    const tight = families[0]!.dimensions.find(({ key }) => key === "planner.ttft_ms");
    expect(tight?.values).toEqual([1000, 750, 500, 350, 250]);
  });

  it("has bounds to tighten for policies that heed them only", async () => {
    const keys = async (policy: string) =>
      (await searchFamilies({ ...question, policies: [policy] }))[0]!.dimensions.map(({ key }) => key);
    for (const policy of ["dynamo", "slo"]) {
      expect(await keys(policy)).toEqual(expect.arrayContaining(["planner.ttft_ms", "planner.itl_ms"]));
    }
    for (const policy of ["hpa", "keda", "static"]) {
      expect((await keys(policy)).filter((key) => key.endsWith("tl_ms") || key.endsWith("ttft_ms"))).toEqual([]);
    }
  });

  it("offers only values a policy takes", async () => {
    const { policyLoaders } = await import("../planner/policies.ts");
    for (const name of recommendable().filter((one) => one !== "dynamo")) {
      const { tunable, schema } = await policyLoaders[name]!();
      for (const [key, values] of Object.entries(tunable)) {
        for (const value of values) {
          const parsed = schema.safeParse({ [key]: value });
          expect(parsed.success, `${name} ${key}=${JSON.stringify(value)}`).toBe(true);
        }
      }
    }
  });
});

describe("a candidate", () => {
  const base = {
    trace: "preset:chat",
    numWorkers: 3,
    extraEngineArgs: { block_size: 64, aic_tp_size: 1 },
    plannerConfig: { mode: "agg", ttft_ms: 1000, policy: "kpa", policy_config: { target: 3 } },
    slaTtftMs: 1000,
  };

  it("puts its settings where they belong, and nothing of another policy", () => {
    expect(candidateOptions(base, { family: family({ tensorParallel: 2 }), places: [4, null] })).toEqual({
      trace: "preset:chat",
      slaTtftMs: 1000,
      numWorkers: 3,
      extraEngineArgs: { block_size: 64, aic_tp_size: 2 },
      plannerConfig: { mode: "agg", ttft_ms: 1000 },
      policy: "hpa",
      policyConfig: { target: 5 },
    });
  });

  it("forgets how many GPUs the planner was told an engine has: its own may have others", () => {
    const plannerConfig = { ...base.plannerConfig, prefill_engine_num_gpu: 1, decode_engine_num_gpu: 1 };
    const candidate = { family: family({ tensorParallel: 2 }), places: [null, null] };
    expect(candidateOptions({ ...base, plannerConfig }, candidate).plannerConfig).toEqual({
      mode: "agg",
      ttft_ms: 1000,
    });
  });

  it("becomes disaggregated with the same engines, or a fixed fleet without a planner", () => {
    const engine = { block_size: 64, aic_tp_size: 1 };
    const disaggregated = candidateOptions(base, { family: family({ topology: "disagg" }), places: [0, 1] });
    expect(disaggregated).toMatchObject({
      prefillEngineArgs: engine,
      decodeEngineArgs: engine,
      plannerConfig: { mode: "disagg", min_endpoint: 2 },
    });
    expect(disaggregated).not.toHaveProperty("extraEngineArgs");
    const dimensions = [{ key: "run.numWorkers", values: [1, 2, 3, 4] }];
    expect(candidateOptions(base, { family: family({ policy: "static", dimensions }), places: [3] })).toEqual({
      trace: "preset:chat",
      slaTtftMs: 1000,
      numWorkers: 4,
      extraEngineArgs: engine,
    });
  });

  it("is told as a command that runs it", () => {
    const options = candidateOptions(base, { family: family(), places: [4, null] });
    expect(commandOf(options, ["my trace.jsonl"])).toBe(
      [
        "windtunnel replay 'my trace.jsonl'",
        `--extra-engine-args '{"block_size":64,"aic_tp_size":1}'`,
        "--num-workers 3",
        `--planner-config '{"mode":"agg","ttft_ms":1000}'`,
        "--policy hpa",
        `--policy-config '{"target":5}'`,
        "--sla-ttft-ms 1000",
      ].join(" \\\n  "),
    );
  });

  it("names no trace where requests were made up", () => {
    expect(commandOf({ inputTokens: 300 }, [])).toBe("windtunnel replay \\\n  --input-tokens 300");
  });

  it("is told so that a shell hands on what was meant, quotes in names too", () => {
    const engine = { aic_model_path: "models/Ada's own" };
    const command = commandOf({ extraEngineArgs: engine, slaTtftMs: 1000 }, [
      "it's a trace.jsonl",
      "its second shard.jsonl",
    ]);
    const written = spawnSync("sh", ["-c", command.replace("windtunnel", 'printf "%s\\n"')], { encoding: "utf8" });
    expect(written.stdout.split("\n")).toEqual([
      "replay",
      "it's a trace.jsonl",
      "its second shard.jsonl",
      "--extra-engine-args",
      JSON.stringify(engine),
      "--sla-ttft-ms",
      "1000",
      "",
    ]);
  });
});

it("cuts a trace in time, so that no request is on both sides", async () => {
  const trace = await openTrace("preset:conversation", { seed: 1 });
  const { tune, heldOut, ranges, splitSeconds } = splitTrace(trace, 0.5);
  expect(tune.count + heldOut.count).toBe(trace.count);
  expect(Math.max(...tune.arrivalMs)).toBeLessThan(splitSeconds * 1000);
  expect(Math.min(...heldOut.arrivalMs)).toBe(0);
  expect(ranges).toHaveLength(2);
  for (const range of ranges) {
    expect(range.count / tune.count).toBeGreaterThan(0.4);
    // Each 60 % of the time: they overlap in a fifth of it.
    expect(Math.max(...range.arrivalMs) / (splitSeconds * 1000)).toBeCloseTo(0.6, 1);
  }
});
