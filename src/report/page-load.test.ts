import { expect, test } from "vitest";
import { pageLoad } from "./page-load.ts";

const samples = {
  interval_s: 1,
  t_s: [1, 1, 1, 5],
  worker: [0, 0, 1, 0],
  rank: [0, 1, 0, 0],
  queued_prefill_tokens: [100, 0, 0, 7],
  queued_decode_kv_tokens: [0, 0, 0, 0],
  inflight_decode_kv_tokens: [0, 10, 0, 0],
  running: [1, 2, 3, 4],
  waiting: [0, 0, 0, 1],
  kv_blocks: [5, 6, 7, 8],
};

test("samples taken at arrivals are laid out by engine, a rank of its own beside its worker", () => {
  const load = pageLoad(samples, null)!;
  expect(load).toMatchObject({ t_s: [1, 5], sampledAt: "arrivals" });
  expect(load.pools.agg).toMatchObject({ kind: "engines", tick: [0, 0, 0, 1], engine: ["0", "0:1", "1", "0"] });
  expect(load.pools.agg!.figures).toMatchObject({ queued_prefill_tokens: [100, 0, 0, 7], running: [1, 2, 3, 4] });
});

test("samples of two pools are told apart", () => {
  const load = pageLoad({ ...samples, pool: ["prefill", "prefill", "decode", "decode"] }, null)!;
  expect(load.pools.agg).toBeUndefined();
  expect(load.pools.prefill!.figures.kv_blocks).toEqual([5, 6]);
  expect(load.pools.decode).toMatchObject({ tick: [0, 1], engine: ["1", "0"] });
});

test("the planner's ticks go before samples; without either there is nothing", () => {
  const ticks = { all: 1, t_s: [10], pools: {}, numbers: {}, texts: {}, words: [], load: {} };
  expect(pageLoad(samples, ticks)).toEqual({ t_s: [10], sampledAt: "ticks", pools: {} });
  expect(pageLoad(undefined, null)).toBeNull();
  expect(pageLoad({ ...samples, t_s: [] }, null)).toBeNull();
});
