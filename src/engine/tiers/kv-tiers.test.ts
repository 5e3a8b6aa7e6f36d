import { describe, expect, test } from "vitest";
import { smallRun, type SmallRow } from "../../../test/small-run.ts";

/** A block of 64 tokens takes 64 KB: 64 µs at 1 GB/s. */
const bytesPerToken = 1000;

const engines = {
  vllm: { num_gpu_blocks: 100, block_size: 64, kv_bytes_per_token: bytesPerToken },
  trtllm: { engine_type: "trtllm", num_gpu_blocks: 100, block_size: 64, kv_bytes_per_token: bytesPerToken },
  sglang: {
    engine_type: "sglang",
    num_gpu_blocks: 100,
    block_size: 64,
    kv_bytes_per_token: bytesPerToken,
    sglang: { clip_max_new_tokens: 1 },
  },
};
const kinds = Object.keys(engines) as (keyof typeof engines)[];
const document = (first: number) => Array.from({ length: 8 }, (_, i) => first + i);

/** A prompt of 60 blocks, another that takes the place of most of it, and the first again. */
const backAgain: readonly SmallRow[] = [
  { at: 0, input: 3840, output: 2, ids: document(0) },
  { at: 1000, input: 3840, output: 2, ids: document(100) },
  { at: 2000, input: 3840, output: 2, ids: document(0) },
];

describe.each(kinds)("cache tiers below a %s-like engine", (kind) => {
  const run = (rows: readonly SmallRow[], tiers: Record<string, unknown>, flags: readonly string[] = []) =>
    smallRun(rows, { engine: { ...engines[kind], ...tiers }, semantics: "current", flags });

  test("what was evicted comes back over the link, and the request waits for it", async () => {
    const without = await run(backAgain, {});
    const lost = 3840 - without.requests[2]!.reused;
    expect(without.requests[2]!.reused).toBeLessThan(2600);
    const { requests, result } = await run(backAgain, {
      num_g2_blocks: 200,
      bandwidth_g1_to_g2_gbps: 0,
      bandwidth_g2_to_g1_gbps: 1,
    });
    const tiers = result.kv_tiers!;
    expect(requests[2]!.reused).toBeGreaterThanOrEqual(3776);
    expect(tiers.host_hit_tokens).toBe(requests[2]!.reused - without.requests[2]!.reused);
    expect(tiers.onboardings).toBe(1);
    expect(tiers.host_hit_tokens).toBeGreaterThanOrEqual(lost - 64);
    // It is admitted when the blocks are there.
    const transferMs = (tiers.host_hit_tokens * bytesPerToken) / 1e6;
    expect(requests[2]!.admit - requests[2]!.arrival).toBeCloseTo(transferMs, 5);
    expect(tiers.mean_onboarding_ms).toBeCloseTo(transferMs, 5);
    expect(requests[2]!.ttft).toBeLessThan(without.requests[2]!.ttft);
  });

  test("a pass waits until the blocks it takes over are copied out", async () => {
    const { result, requests } = await run(backAgain.slice(0, 2), { num_g2_blocks: 200, bandwidth_g1_to_g2_gbps: 1 });
    const free = await run(backAgain.slice(0, 2), {});
    const tiers = result.kv_tiers!;
    expect(tiers.offloaded_blocks).toBeGreaterThan(15);
    expect(tiers.stall_ms).toBeCloseTo((tiers.offloaded_blocks * 64 * bytesPerToken) / 1e6, 3);
    expect(requests[1]!.e2e - free.requests[1]!.e2e).toBeCloseTo(tiers.stall_ms, 3);
  });

  test("host memory too small keeps what was used last; the disk behind it has the rest", async () => {
    const tiny = { num_g2_blocks: 4, bandwidth_g1_to_g2_gbps: 0, bandwidth_g2_to_g1_gbps: 0 };
    const host = await run(backAgain, tiny);
    expect(host.result.kv_tiers!.host_evictions).toBeGreaterThan(0);
    const disk = await run(backAgain, { ...tiny, num_g2_blocks: 30, num_g3_blocks: 500 });
    const figures = disk.result.kv_tiers!;
    expect(figures.disk_writes).toBeGreaterThan(0);
    expect(disk.requests[2]!.reused).toBeGreaterThanOrEqual(host.requests[2]!.reused);
  });

  test("workers share the object store", async () => {
    const rows: SmallRow[] = [
      { at: 0, input: 3840, output: 2, ids: document(0) },
      { at: 1, input: 640, output: 2, ids: document(300) },
      { at: 1000, input: 3840, output: 2, ids: document(100) },
      { at: 2000, input: 3840, output: 2, ids: document(0) },
    ];
    const objects = { num_g2_blocks: 80, enable_g4_storage: true };
    const { requests, result } = await run(rows, objects, ["--num-workers", "2"]);
    // The first prompt ran on worker 0, was displaced there, and comes back on worker 1.
    expect(requests.map(({ worker }) => worker)).toEqual([0, 1, 0, 1]);
    const figures = result.kv_tiers!;
    expect(figures.object_writes).toBeGreaterThan(15);
    expect(figures.object_hit_tokens).toBeGreaterThanOrEqual(0);
  });

  test("infinite links and room make every repeated block a hit", async () => {
    const rows: SmallRow[] = Array.from({ length: 12 }, (_, i) => ({
      at: i * 2000,
      input: 3840,
      output: 2,
      ids: document((i % 4) * 100),
    }));
    const boundless = {
      num_g2_blocks: 100_000,
      bandwidth_g1_to_g2_gbps: 0,
      bandwidth_g2_to_g1_gbps: 0,
    };
    const { requests } = await run(rows, boundless);
    const most = kind === "trtllm" ? 3840 : 3776;
    expect(requests.map(({ reused }) => reused)).toEqual([0, 0, 0, 0, ...Array.from({ length: 8 }, () => most)]);
  });
});
