import { expect, test } from "vitest";
import type { Observation, Planner } from "../src/planner/planner.ts";
import { smallRun, type SmallRow } from "./small-run.ts";

/** Looks every few seconds, and asks once for another number of prefill workers. */
class Watcher implements Planner {
  readonly seen: Observation[] = [];
  private readonly intervalSeconds: number;
  private readonly prefillWorkers: number | null;

  constructor(intervalSeconds: number, prefillWorkers: number | null = null) {
    this.intervalSeconds = intervalSeconds;
    this.prefillWorkers = prefillWorkers;
  }

  firstTickSeconds(): number {
    return this.intervalSeconds;
  }

  onTick(observation: Observation) {
    this.seen.push(observation);
    return {
      replicas: this.prefillWorkers === null ? {} : { prefill: this.prefillWorkers },
      nextTickSeconds: (this.seen.length + 1) * this.intervalSeconds,
    };
  }
}

test("an SGLang-like decode worker's queue holds prompts with a destination that are on their way", async () => {
  const planner = new Watcher(3);
  const rows: readonly SmallRow[] = [
    { at: 0, input: 500, output: 400 },
    { at: 300, input: 8000, output: 300 },
    { at: 300, input: 4000, output: 300 },
    { at: 310, input: 6000, output: 300 },
  ];
  await smallRun(rows, {
    engine: { engine_type: "sglang", num_gpu_blocks: 30_000 },
    disaggregated: { decode: { num_gpu_blocks: 13_000 } },
    change: { planner },
  });
  const passes = planner.seen.map(({ pools }) => pools.decode!.passes[0]!.pass);
  // What the planner of ai-dynamo 1.4.2 logs, tick by tick (sched_kv, queued_kv).
  expect(passes.map((pass) => [pass.sumDecodeKvTokens, pass.sumQueuedDecodeKvTokens])).toEqual([
    [0, 0],
    [0, 0],
    [12_585, 6000],
    [12_849, 6000],
    [12_419, 6658],
    [12_595, 6658],
    [899, 6000],
    [6044, 0],
    [6162, 0],
    [6279, 0],
  ]);
});

test.each(["auto", "pass-by-pass"] as const)(
  "a draining prefill worker is there until its last prompt is pulled (%s)",
  async (implementation) => {
    const rows = Array.from({ length: 6 }, (_, i) => ({ at: i, input: 400, output: 40 }));
    const { outcome } = await smallRun(rows, {
      // A transfer takes half a second.
      disaggregated: { prefill: { kv_transfer_bandwidth: 0.1, kv_bytes_per_token: 131_072 } },
      flags: ["--num-prefill-workers", "2"],
      implementation,
      change: { planner: new Watcher(0.2, 1) },
    });
    const { prefillWorkerIndex, sourceReleasedNs } = outcome.handoffs!;
    const pulled = rows.map((_, request) => (prefillWorkerIndex[request] === 1 ? sourceReleasedNs[request]! : 0));
    const second = outcome.workers.find(({ pool, id }) => pool === "prefill" && id === 1)!;
    expect(second.drainingNs).toBe(0.2e9);
    expect(second.goneNs).toBe(Math.max(...pulled));
    expect(second.goneNs).toBeGreaterThan(0.5e9);
  },
);
