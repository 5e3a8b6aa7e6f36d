import { expect, test, vi } from "vitest";
import { prefixEdges } from "../engine/aggregated/prefix-edges.ts";
import { PassByPassWorker } from "../engine/pass-by-pass/pass-by-pass-worker.ts";
import { WorkerPool } from "../fleet/worker-pool.ts";
import { SeededRandom } from "../random/seeded-random.ts";
import { KvRouter } from "../router/kv-router.ts";
import { kvRouterDefaults } from "../router/kv-router-settings.ts";
import { SeededChoice } from "../router/target-choice.ts";
import type { Trace } from "../trace/trace.ts";
import { KvPoolRouter } from "./pool-router.ts";

const count = 10;
const trace: Trace = {
  name: "alike",
  count,
  arrivalMs: new Float64Array(count),
  inputLength: new Int32Array(count).fill(64),
  outputLength: new Int32Array(count).fill(1),
  blocks: null,
  sessions: null,
  notes: [],
};

test("workers are forgotten once they are gone, be it that they failed or that they drained", () => {
  const forget = vi.spyOn(KvRouter.prototype, "forget");
  const inSystem = new Map<number, number>();
  const pool = new WorkerPool(
    "agg",
    1,
    0,
    (id) =>
      Object.create(new PassByPassWorker([]), {
        inSystem: { get: () => inSystem.get(id) ?? 0 },
        prefixOverlapBlocks: { value: () => 0 },
      }) as PassByPassWorker,
  );
  const router = new KvPoolRouter(pool, 1, {
    settings: kvRouterDefaults,
    role: "aggregated",
    blockSize: 64,
    prefixes: prefixEdges(trace, 64),
    inputLength: trace.inputLength,
    times: { prefillDoneNs: () => NaN, leftNs: () => NaN },
    choice: new SeededChoice(new SeededRandom(1), 0),
    maxBatchedTokens: 8192,
    priorities: null,
    prefillEstimate: null,
  });
  pool.addReady(4, 0);
  router.route(0, 0);
  pool.fail(pool.active[0]!, 1);
  inSystem.set(3, 1);
  pool.resize(2, 2);
  router.route(1, 2);
  expect(forget.mock.calls).toEqual([[0]]);
  inSystem.set(3, 0);
  pool.removeDrained(3);
  pool.resize(3, 4);
  router.route(2, 4);
  expect(forget.mock.calls).toEqual([[0], [3]]);
  expect(pool.active.map(({ id }) => id)).toEqual([1, 2, 4]);
  forget.mockRestore();
});
