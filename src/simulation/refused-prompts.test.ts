import { expect, test } from "vitest";
import { smallRun } from "../../test/small-run.ts";

const engine = { block_size: 16, num_gpu_blocks: 1000, max_num_batched_tokens: 128, max_model_len: 300 };
const queue = { router_queue_threshold: 0.5, router_queue_policy: "lcfs" };
const flags = ["--router-mode", "kv_router", "--router-config", queue];

// All times are those of ai-dynamo 1.4.2, ms: one prefill and one decode worker; NaN = refused.
test.each([
  [
    "lets a request that waits at the router go at that instant",
    [
      [0, 350, 5],
      [0, 20, 3],
      [50, 40, 2],
    ],
    [NaN, 0, 50],
    [NaN, 34.349008, 78.913027],
  ],
  [
    "lets it go only after the passes of no length at that instant",
    [
      [0, 5, 60],
      [0, 100, 5],
      [1, 60, 3],
      [2, 350, 4],
    ],
    [0, 0, 18.085051, NaN],
    [373.423974, 49.365176, 55.374582, NaN],
  ],
])("a prompt too long for the model that a prefill worker refuses %s", async (_, rows, admits, lasts) => {
  const given = rows.map(([at, input, output]) => ({ at: at!, input: input!, output: output! }));
  for (const implementation of ["auto", "pass-by-pass"] as const) {
    const { requests } = await smallRun(given, {
      disaggregated: { prefill: engine, decode: engine },
      flags,
      implementation,
    });
    for (const [i, { admit, last }] of requests.entries()) {
      if (Number.isNaN(admits[i]!)) expect(admit).toBeNaN();
      else {
        expect(admit).toBeCloseTo(admits[i]!, 5);
        expect(last).toBeCloseTo(lasts[i]!, 5);
      }
    }
  }
});
