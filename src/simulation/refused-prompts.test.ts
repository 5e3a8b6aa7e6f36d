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

// Prompt and output tokens, when each was offered and left, as ai-dynamo 1.4.2 has it; 300 tokens and more are refused.
test("a refused prompt is taken back once its worker is idle, and makes room after what was offered meanwhile", async () => {
  const given = [
    [100, 1],
    [350, 1],
    [350, 3],
    [20, 3],
    [350, 10],
    [20, 3],
    [295, 10],
    [20, 3],
  ].map(([input, output]) => ({ at: 0, input: input!, output: output! }));
  const expected = [
    [20, 3, 0.0, 89.827434],
    [20, 3, 0.0, 110.416011],
    [20, 3, 18.023974, 89.827434],
    [100, 1, 0.0, 24.140783],
    [295, 10, 0.0, 123.929807],
    [350, 1, 0.0, 18.023974],
    [350, 3, 0.0, 18.023974],
    [350, 10, 0.0, 35.133405],
  ];
  for (const implementation of ["auto", "pass-by-pass"] as const) {
    const { requests, outcome } = await smallRun(given, {
      disaggregated: { prefill: engine, decode: engine },
      flags: [...flags.slice(0, 3), { ...queue, router_queue_threshold: 2 }, "--replay-concurrency", "7"],
      implementation,
    });
    const ours = requests.map(({ arrival }, i) => {
      return [given[i]!.input, given[i]!.output, arrival, outcome.ledger.terminalNs[i]! / 1e6];
    });
    ours.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]! || a[3]! - b[3]!);
    for (const [i, row] of expected.entries()) {
      for (const [place, value] of row.entries()) expect(ours[i]![place]).toBeCloseTo(value, 5);
    }
  }
});
