import { describe, expect, test } from "vitest";
import type { RunResult } from "../result/schema.ts";
import { pageTicks } from "./page-ticks.ts";

type Tick = NonNullable<RunResult["planner"]>["ticks"][number];

function tick(t_s: number, load: readonly number[]): Tick {
  const ids = load.map((_, id) => id);
  return {
    t_s,
    pools: {
      agg: {
        active: load.length,
        starting: 0,
        draining: 0,
        target: null,
        engines: { worker: ids, rank: ids.map(() => 0), running: [...load], waiting: ids.map(() => 0), kv_blocks: ids },
      },
    },
    reason: "as before",
    record: {
      estimated_ttft_ms: t_s * 1.23456789,
      load_decision_reason: "no_change",
      summary: "as before",
      decode_engines: ids.map((id) => ({
        worker_id: String(id),
        dp_rank: 0,
        queued_prefill_tokens: load[id]! * 100,
        queued_decode_kv_tokens: 0,
        inflight_decode_kv_tokens: 5,
      })),
    },
  };
}

describe("pageTicks", () => {
  test("puts ticks into columns and joins what both records say of an engine", () => {
    const ticks = pageTicks([tick(10, [3]), tick(20, [1, 2])]);
    expect(ticks.t_s).toEqual([10, 20]);
    expect(ticks.pools.agg).toEqual({ active: [1, 2], starting: [0, 0], draining: [0, 0], target: [null, null] });
    expect(ticks.numbers).toEqual({ estimated_ttft_ms: [12.34568, 24.69136] });
    expect(ticks.words[ticks.texts["load_decision_reason"]![1]!]).toBe("no_change");
    // What only says the reason again is left out.
    expect(Object.keys(ticks.texts).toSorted()).toEqual(["load_decision_reason", "reason"]);
    expect(ticks.load.agg).toMatchObject({ kind: "engines", tick: [0, 1, 1], engine: ["0", "0", "1"] });
    expect(ticks.load.agg!.figures.running).toEqual([3, 1, 2]);
    expect(ticks.load.agg!.figures.queued_prefill_tokens).toEqual([300, 100, 200]);
  });

  test("takes the queues of prefill engines from their own record, and names ranks", () => {
    const engines = { worker: [4], rank: [1], running: [2], waiting: [3], kv_blocks: [9] };
    const pool = { active: 1, starting: 0, draining: 0, target: null, engines };
    const { load } = pageTicks([
      {
        t_s: 10,
        pools: { prefill: pool, decode: pool },
        reason: null,
        record: {
          prefill_engines: [{ worker_id: "4", dp_rank: 1, queued_prefill_tokens: 700 }],
          decode_engines: [{ worker_id: "4", dp_rank: 1, inflight_decode_kv_tokens: 50 }],
        },
      },
    ]);
    expect(load.prefill).toMatchObject({ engine: ["4:1"], figures: { running: [2], queued_prefill_tokens: [700] } });
    expect(load.prefill!.figures.inflight_decode_kv_tokens).toEqual([null]);
    expect(load.decode!.figures).toMatchObject({ queued_prefill_tokens: [null], inflight_decode_kv_tokens: [50] });
  });

  test("keeps the least and largest of a long run's engines, and the page small", () => {
    const load = Array.from({ length: 20 }, (_, engine) => (engine * 7) % 20);
    const ticks = pageTicks(Array.from({ length: 8640 }, (_, k) => tick(k * 10, load)));
    expect(ticks.load.agg!.kind).toBe("extremes");
    expect(ticks.load.agg!.figures.running.slice(0, 4)).toEqual([0, 19, 0, 19]);
    expect(ticks.load.agg!.figures.queued_prefill_tokens.slice(0, 2)).toEqual([0, 1900]);
    expect(JSON.stringify(ticks).length).toBeLessThan(1_500_000);
  });

  test("keeps of a run of weeks what scaled, what was decided otherwise, and every extreme", () => {
    const all = Array.from({ length: 100_000 }, (_, k) => {
      const at = tick(k * 5, [k === 77_777 ? 999 : k % 7]);
      if (k === 33_333) at.record!["load_decision_reason"] = "scale_up";
      return at;
    });
    const events = new Set([12_345 * 5]);
    const ticks = pageTicks(all, events);
    expect(ticks.all).toBe(100_000);
    expect(ticks.t_s.length).toBeLessThan(10_000);
    expect(ticks.t_s).toEqual(ticks.t_s.toSorted((a, b) => a - b));
    for (const k of [0, 12_345, 33_333, 33_334, 77_777, 99_999]) expect(ticks.t_s).toContain(k * 5);
    // Every stretch keeps its extremes: no two ticks lie further apart than two stretches.
    for (const [k, at] of ticks.t_s.entries()) {
      if (k > 0) expect(at - ticks.t_s[k - 1]!).toBeLessThanOrEqual(2 * 200 * 5);
    }
    expect(Math.max(...(ticks.load.agg!.figures.running as number[]))).toBe(999);
    expect(pageTicks(all.slice(0, 35_000)).t_s.length).toBe(35_000);
  });
});
