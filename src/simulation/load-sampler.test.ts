import { describe, expect, it } from "vitest";
import { smallRun } from "../../test/small-run.ts";

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
    expect(result.load_samples!.t_s.length).toBeGreaterThan(20);
  });

  it("is left to the ticks of a planner", async () => {
    const planner = { firstTickSeconds: () => null, onTick: () => ({ replicas: {}, nextTickSeconds: null }) };
    expect((await smallRun(rows.slice(0, 5), { engine, change: { planner } })).result.load_samples).toBeNull();
  });
});
