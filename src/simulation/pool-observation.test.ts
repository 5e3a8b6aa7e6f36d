import { expect, test } from "vitest";
import { smallRun, type SmallRow, type SmallRunOptions } from "../../test/small-run.ts";
import type { Planner, PublishedPass, Targets } from "../planner/planner.ts";

/** The records a planner sees at each second. */
async function recordsOf(rows: readonly SmallRow[], options: SmallRunOptions): Promise<PublishedPass[][]> {
  const seen: PublishedPass[][] = [];
  const planner: Planner = {
    firstTickSeconds: () => 1,
    onTick({ nowSeconds, pools }): Targets {
      seen.push([...pools.agg!.passes]);
      return { replicas: {}, nextTickSeconds: nowSeconds + 1 };
    },
  };
  await smallRun(rows, { ...options, change: { planner } });
  return seen;
}

// Figures are those of the tick log of ai-dynamo 1.4.2.

test("a rank that refuses a prompt publishes a record, the ranks beside it do not", async () => {
  const rows = [
    { at: 0, input: 64, output: 2 },
    { at: 0, input: 640, output: 20 },
    { at: 2500, input: 5000, output: 5 },
    { at: 4500, input: 64, output: 2 },
  ];
  const seen = await recordsOf(rows, { engine: { block_size: 64, num_gpu_blocks: 50, dp_size: 2 } });
  expect(seen.map((passes) => passes.map(({ pass }) => pass.sumDecodeKvTokens))).toEqual([
    [0, 659],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

test.each(["auto", "pass-by-pass"] as const)(
  "no tick after a last prompt refused at that time (%s)",
  async (engine) => {
    const rows = [
      { at: 0, input: 64, output: 2 },
      { at: 2000, input: 5000, output: 5 },
    ];
    const options = { engine: { block_size: 64, num_gpu_blocks: 50 }, implementation: engine };
    expect(await recordsOf(rows, options)).toHaveLength(1);
  },
);

test("an SGLang-like engine counts who is retracted among the decodes of that pass and in the queue", async () => {
  const lengths = [
    [0, 200, 400],
    [0, 200, 400],
    [0, 700, 400],
    [0, 1000, 400],
    [50, 700, 400],
    [150, 1000, 600],
    [350, 200, 400],
    [400, 700, 200],
  ];
  const rows = lengths.map(([at, input, output]) => ({ at: at!, input: input!, output: output! }));
  const engine = { engine_type: "sglang", num_gpu_blocks: 4000, sglang: { schedule_conservativeness: 0 } };
  const seen = await recordsOf(rows, { engine });
  const figures = seen.map(([first]) => [first!.pass.sumDecodeKvTokens, first!.pass.sumQueuedDecodeKvTokens]);
  expect(figures.slice(5, 10)).toEqual([
    [3704, 0],
    [3849, 0],
    [3999, 939],
    [3184, 939],
    [3308, 939],
  ]);
});
