import { describe, expect, test } from "vitest";
import { smallRun, type SmallRow } from "../../../test/small-run.ts";
import { RequestStatus } from "../../metrics/request-ledger.ts";

const engine = { engine_type: "sglang", block_size: 16, num_gpu_blocks: 1000 };

async function handOff(rows: readonly SmallRow[], prefill = {}, decode = {}, semantics?: "current") {
  const { requests, outcome } = await smallRun(rows, {
    engine,
    disaggregated: { prefill, decode },
    ...(semantics === undefined ? {} : { semantics }),
  });
  const at = (column: Float64Array) => Array.from(column, (ns) => ns / 1e6);
  const { handoffs } = outcome;
  return {
    requests,
    reserved: at(handoffs!.destinationReservedNs),
    held: at(handoffs!.sourceHeldNs),
    activated: at(handoffs!.destinationActivatedNs),
  };
}

describe("an SGLang-like hand-off", () => {
  test("reserves the destination at arrival and, under 1.4.2 rules, holds the prompt until its hidden output is done", async () => {
    const { requests, reserved, held } = await handOff([{ input: 1000, output: 3 }]);
    expect(reserved).toEqual([0]);
    // A prefill with a decode in it, and two more decodes.
    expect(held[0]! - requests[0]!.admit).toBeGreaterThan(32.105859 + 3 * 5.74);
    expect(requests[0]!.first).toBeGreaterThan(held[0]!);
    expect(requests[0]!.tokens).toBe(3);
  });

  test("holds the prompt after its prefill under current rules", async () => {
    const { requests, held, activated } = await handOff([{ input: 1000, output: 3 }], {}, {}, "current");
    expect(held[0]).toBeCloseTo(32.105859, 5);
    expect(activated[0]).toBe(held[0]);
    expect(requests[0]!.first - held[0]!).toBeGreaterThan(5.74);
  });

  // What the prefill router sees and what is reused under ai-dynamo 1.4.2, where held prompts share 512 or 1,024 tokens.
  test.each([
    [1, [0, 512, 512, 1024], [0, 0, 0, 512]],
    [2, [0, 512, 512, 1024], [0, 512, 512, 1024]],
  ])(
    "is known to the router once held, but reusable only when let go if it took one pass: output %i",
    async (output, overlap, reused) => {
      const rows = [
        { input: 1500, output, ids: [1, 2, 3] },
        { at: 60, input: 1400, output: 1, ids: [1, 4, 5] },
        { at: 120, input: 1300, output: 5, ids: [1, 6, 7] },
        { at: 250, input: 1200, output: 5, ids: [1, 2, 9] },
      ];
      const { requests, outcome } = await smallRun(rows, {
        engine: { engine_type: "sglang", num_gpu_blocks: 200_000 },
        disaggregated: { prefill: { kv_transfer_bandwidth: 0.1, kv_bytes_per_token: 131_072 } },
        flags: ["--router-mode", "kv_router"],
      });
      expect([...outcome.handoffs!.prefillRouteOverlapTokens]).toEqual(overlap);
      expect(requests.map((request) => request.reused)).toEqual(reused);
    },
  );

  test("of a pass goes first where no output is wanted", async () => {
    const rows = [50, 300, 301, 302].map((input, i) => ({ at: i, input, output: i === 3 ? 0 : 1 }));
    const { requests, outcome } = await smallRun(rows, {
      engine: { engine_type: "sglang", num_gpu_blocks: 60_000 },
      disaggregated: { decode: { max_num_seqs: 1 } },
    });
    // As under ai-dynamo 1.4.2, ms.
    const ends = [28.831624, 65.889811, 71.900113, 59.880405];
    for (const [i, endMs] of ends.entries()) expect(outcome.ledger.terminalNs[i]! / 1e6).toBeCloseTo(endMs, 5);
    expect(requests[3]!.tokens).toBe(0);
  });

  test("a prompt the decode pool can never hold fails and does not hold up the next", async () => {
    const { requests } = await handOff(
      [
        { input: 1600, output: 3 },
        { at: 1, input: 160, output: 3 },
      ],
      {},
      { num_gpu_blocks: 50 },
    );
    expect(requests.map(({ status }) => status)).toEqual([RequestStatus.failed, RequestStatus.completed]);
  });

  // Run length and mean latency (ms) under ai-dynamo 1.4.2; all requests come at once.
  test.each([
    [[2500, 300, 2500, 1500, 1500], [20, 20, 20, 20, 40], 1892.665872, 1168.499398],
    [[900, 300, 300, 2500, 2500], [40, 20, 20, 20, 3], 1104.822451, 746.269892],
    [[900, 300, 2500, 900, 300], [20, 40, 20, 3, 3], 955.11041, 560.344725],
  ])(
    "the router counts such a prompt until the others of its instant are routed: %j",
    async (inputs, outputs, ...measured) => {
      const rows = inputs.map((input, i) => ({ input, output: outputs[i]! }));
      const { result } = await smallRun([rows[0]!, { input: 9000, output: 3 }, ...rows.slice(1)], {
        engine: { engine_type: "sglang" },
        disaggregated: { prefill: { num_gpu_blocks: 100_000 }, decode: { num_gpu_blocks: 8000 } },
        flags: ["--num-decode-workers", "2", "--router-mode", "kv_router"],
      });
      expect(result.duration_ms).toBeCloseTo(measured[0]!, 5);
      expect(result.mean_e2e_latency_ms).toBeCloseTo(measured[1]!, 5);
    },
  );

  test.each(["dynamo-1.4", "current"] as const)(
    "a prompt the prefill worker refuses gives its destination back (%s)",
    async (semantics) => {
      const { requests } = await smallRun(
        [
          { input: 1600, output: 3 },
          { at: 1, input: 160, output: 3 },
        ],
        {
          engine,
          semantics,
          disaggregated: { prefill: { num_gpu_blocks: 50 }, decode: { num_gpu_blocks: 105 } },
        },
      );
      expect(requests.map(({ status }) => status)).toEqual([RequestStatus.rejected, RequestStatus.completed]);
    },
  );

  test("transfers what the destination lacks", async () => {
    const ids = [1, 2];
    const { held, activated } = await handOff(
      [
        { input: 1000, output: 2, ids },
        { at: 2000, input: 1000, output: 2, ids },
      ],
      { kv_bytes_per_token: 131_072, kv_transfer_bandwidth: 1, kv_transfer_timing_mode: "destination_missing" },
    );
    // 63 pages of 16 tokens, and the last one alone.
    expect(activated[0]! - held[0]!).toBeCloseTo((1008 * 131_072) / 1e6, 5);
    expect(activated[1]! - held[1]!).toBeCloseTo((16 * 131_072) / 1e6, 5);
  });
});
