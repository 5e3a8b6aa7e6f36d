import { describe, expect, it } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import { PassByPassWorker } from "../engine/pass-by-pass/pass-by-pass-worker.ts";
import { WorkerPool } from "../fleet/worker-pool.ts";
import { LoadSampler } from "./load-sampler.ts";

const rows = Array.from({ length: 900 }, (_, i) => ({ at: i * 700, input: 700 + (i % 7) * 300, output: 400 }));
const engine = { num_gpu_blocks: 300, block_size: 64 };
const flags = ["--num-workers", "3"];

describe("load of the engines of a run without a planner", () => {
  it.each(["auto", "pass-by-pass"] as const)(
    "is sampled now and then, each engine once an interval (%s)",
    async (implementation) => {
      const { result } = await smallRun(rows, { engine, flags, implementation });
      const { load_samples: samples } = result;
      expect(samples!.t_s.length).toBeGreaterThan(500);
      expect(samples!.t_s.length).toBeLessThanOrEqual(1024);
      expect(new Set(samples!.worker)).toEqual(new Set([0, 1, 2]));
      expect(samples!.t_s.every((at) => at % samples!.interval_s === 0)).toBe(true);
      expect(Math.max(...samples!.inflight_decode_kv_tokens)).toBeGreaterThan(700);
      const seen = samples!.t_s.map((at, k) => `${at} ${samples!.worker[k]}`);
      expect(new Set(seen).size).toBe(seen.length);
    },
  );

  it("is the same from both engines, and changes no request", async () => {
    const [fast, plain] = await Promise.all(
      (["auto", "pass-by-pass"] as const).map((implementation) => smallRun(rows, { engine, flags, implementation })),
    );
    expect(fast!.result.load_samples).toEqual(plain!.result.load_samples);
    expect(fast!.requests).toEqual(plain!.requests);
  });

  it("grows coarser where the end cannot be foreseen", async () => {
    const { result } = await smallRun(rows, { engine, flags: [...flags, "--replay-concurrency", "6"] });
    expect(result.load_samples!.t_s.length).toBeLessThanOrEqual(1024);
    const samples = result.load_samples!;
    expect(samples.t_s.length).toBeGreaterThan(20);
    expect(new Set(samples.t_s.map((at, k) => `${at} ${samples.worker[k]}`)).size).toBe(samples.t_s.length);
  });

  it("is left to the ticks of a planner", async () => {
    const planner = { firstTickSeconds: () => null, onTick: () => ({ replicas: {}, nextTickSeconds: null }) };
    expect((await smallRun(rows.slice(0, 5), { engine, change: { planner } })).result.load_samples).toBeNull();
  });
});

describe("load of both pools of a disaggregated run without a planner", () => {
  const disaggregated = { prefill: engine, decode: { ...engine, num_gpu_blocks: 400 } };
  const heavy = rows.map((row, i) => ({ ...row, input: 3000 + (i % 7) * 900 }));
  const pools = ["--num-prefill-workers", "2", "--num-decode-workers", "3"];
  const run = (implementation: "auto" | "pass-by-pass", more: readonly string[] = [], engineType = "vllm") => {
    const { prefill, decode } = disaggregated;
    const typed = { engine_type: engineType, ...(engineType === "sglang" ? { block_size: 64 } : {}) };
    return smallRun(heavy, {
      disaggregated: { prefill: { ...prefill, ...typed }, decode: { ...decode, ...typed } },
      flags: [...pools, ...more],
      implementation,
    });
  };

  it.each(["round_robin", "kv_router"])(
    "is sampled alike by both engines, and changes no request (%s)",
    async (router) => {
      const [fast, plain] = await Promise.all(
        (["auto", "pass-by-pass"] as const).map((implementation) => run(implementation, ["--router-mode", router])),
      );
      expect(fast!.outcome.engine).toBe("aggregated");
      expect(plain!.outcome.engine).toBe("pass-by-pass");
      expect(fast!.result.load_samples).toEqual(plain!.result.load_samples);
      expect(fast!.requests).toEqual(plain!.requests);
      const samples = fast!.result.load_samples!;
      expect(samples.t_s.length).toBeGreaterThan(500);
      expect(samples.t_s.length).toBeLessThanOrEqual(1024);
      const engines = new Set(samples.pool!.map((pool, k) => `${pool} ${samples.worker[k]}`));
      expect([...engines].toSorted()).toEqual(["decode 0", "decode 1", "decode 2", "prefill 0", "prefill 1"]);
      const seen = samples.t_s.map((at, k) => `${at} ${samples.pool![k]} ${samples.worker[k]}`);
      expect(new Set(seen).size).toBe(seen.length);
      expect(samples.t_s).toEqual(samples.t_s.toSorted((a, b) => a - b));
      const most = (pool: string, figures: readonly number[]) =>
        Math.max(...figures.filter((_, k) => samples.pool![k] === pool));
      expect(most("decode", samples.inflight_decode_kv_tokens)).toBeGreaterThan(700);
      expect(most("decode", samples.kv_blocks)).toBeLessThanOrEqual(400);
      expect(most("prefill", samples.kv_blocks)).toBeGreaterThan(10);
    },
  );

  it("is sampled where destinations come first (SGLang)", async () => {
    const samples = (await run("auto", [], "sglang")).result.load_samples!;
    expect(new Set(samples.pool)).toEqual(new Set(["prefill", "decode"]));
    expect(Math.max(...samples.inflight_decode_kv_tokens)).toBeGreaterThan(700);
  });
});

describe("load of more engines than samples are kept of", () => {
  const visited = (engines: number, seconds: number) => {
    const sampler = new LoadSampler(1, engines, 0);
    const pool = new WorkerPool("agg", 1, 0, () => new PassByPassWorker([]));
    pool.addReady(engines, 0);
    for (let at = 0; at < seconds; at++) for (const member of pool.active) sampler.visit("agg", member, at * 1e9);
    return sampler.samples;
  };

  it("keeps an instant of all of them", () => {
    const { intervalSeconds, entries } = visited(3000, 50);
    expect(intervalSeconds).toBeLessThan(50);
    expect(entries.every(({ atSeconds }) => atSeconds >= 0 && atSeconds < 50)).toBe(true);
    expect(new Set(entries.map(({ atSeconds, worker }) => `${atSeconds} ${worker}`)).size).toBe(entries.length);
    expect(entries.filter(({ atSeconds }) => atSeconds === 0)).toHaveLength(3000);
    expect(entries.length).toBeLessThanOrEqual(6000);
  });
});
