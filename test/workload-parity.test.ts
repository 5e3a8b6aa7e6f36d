import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace, type OpenTraceOptions } from "../src/trace/open-trace.ts";
import { replayConfig, type ReplayArguments } from "./replay-arguments.ts";
import { resultOf } from "./result-of.ts";

/**
 * What ai-dynamo 1.4.2 made of hand-written traces of formats whose requests follow on each other
 * (`python -m dynamo.replay … --report-json --report-jsonl`). It writes no rows for graphs of requests.
 */
async function replay(rows: readonly object[], args: ReplayArguments, options: OpenTraceOptions) {
  const stdin = Readable.from([Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""))]);
  const trace = await openTrace("-", { stdin, ...options });
  const config = replayConfig(args, "dynamo-1.4");
  const outcome = simulate(trace, config);
  const { ledger } = outcome;
  const byArrival = Array.from({ length: trace.count }, (_, request) => request).toSorted(
    (a, b) => ledger.arrivalNs[a]! - ledger.arrivalNs[b]! || a - b,
  );
  const rowsMade = byArrival.map((request) => [
    trace.sessions!.turnOf[request]!,
    ledger.arrivalNs[request]! / 1e6,
    ledger.admitNs[request]! / 1e6,
    ledger.firstTokenNs[request]! / 1e6,
    ledger.lastTokenNs[request]! / 1e6,
    trace.inputLength[request]!,
    ledger.outputTokens[request]!,
    ledger.reusedTokens[request]!,
    ledger.workerIndex[request]!,
  ]);
  return { rows: rowsMade, result: resultOf(outcome, config) };
}

function expectRows(ours: readonly number[][], theirs: readonly number[][]) {
  expect(ours).toHaveLength(theirs.length);
  for (const [place, row] of theirs.entries()) {
    expect(ours[place]!.map((value, column) => (Math.abs(value - row[column]!) < 1e-3 ? row[column] : value))).toEqual(
      row,
    );
  }
}

const two = ["--num-workers", "2"];

describe("equal to the reference", () => {
  test("mooncake-delta: turns hold the new part of a prompt only", async () => {
    const { rows } = await replay(
      [
        { session_id: "s", timestamp: 0, input_length: 1024, output_length: 100, hash_ids: [1, 2] },
        { session_id: "s", delay: 50, input_length: 512, output_length: 40, hash_ids: [3] },
        { session_id: "t", timestamp: 900, input_length: 1024, output_length: 100, hash_ids: [1, 2] },
        { session_id: "t", delay: 5, input_length: 300, output_length: 10, hash_ids: [3] },
        { session_id: "s", delay: 50, input_length: 200, output_length: 4, hash_ids: [3] },
      ],
      two,
      { format: "mooncake-delta" },
    );
    expectRows(rows, [
      [0, 0, 0, 38.283432, 612.203974, 1024, 100, 0, 0],
      [1, 662.203974, 662.203974, 710.497948, 937.734276, 1636, 40, 0, 1],
      [0, 900, 900, 923.267605, 1497.188147, 1024, 100, 960, 0],
      [2, 987.734276, 987.734276, 1013.312316, 1030.828743, 1876, 4, 1664, 1],
      [1, 1502.188147, 1502.188147, 1529.654501, 1581.996422, 1424, 10, 1088, 0],
    ]);
  });

  test("applied_compute_agentic, with a prefix that sessions share", async () => {
    const session = (
      prompt: number,
      answers: number[],
      tools: number[],
      seconds: number[],
      final_assistant_response_length: number,
    ) => ({
      num_turns: answers.length,
      input_prompt_length: prompt,
      assistant_response_length: answers,
      tool_call_output_length: tools,
      tool_call_latency: seconds,
      final_assistant_response_length,
    });
    const { rows } = await replay(
      [
        session(1000, [100, 50], [200, 300], [1.5, 0.25], 20),
        session(900, [30], [64], [0.1], 9),
        session(1500, [], [], [], 7),
      ],
      [...two, "--replay-concurrency", "2"],
      { arrivals: "optional", sharedPrefixRatio: 0.5, numPrefixGroups: 1 },
    );
    expectRows(rows, [
      [0, 0, 0, 37.898579, 635.815763, 1000, 100, 0, 0],
      [0, 0, 0, 36.296951, 204.190305, 900, 30, 0, 1],
      [1, 304.190305, 304.436145, 334.176144, 380.754968, 994, 9, 512, 0],
      [0, 380.754968, 380.754968, 418.487643, 453.402009, 1500, 7, 512, 1],
      [1, 2135.815763, 2135.815763, 2163.337404, 2448.003885, 1300, 50, 960, 0],
      [2, 2698.003885, 2698.003885, 2738.154916, 2848.858612, 1650, 20, 512, 1],
    ]);
  });

  test.each([
    [1, 341.40853],
    [2, 337.627909],
  ])("agentic_mooncake on %i workers", async (workers, durationMs) => {
    const { result } = await replay(
      [
        { request_id: "root", input_length: 1024, output_length: 3, hash_ids: [1, 2] },
        { request_id: "c1", input_length: 512, output_length: 3, hash_ids: [3], wait_for: ["root"], delay: 10 },
        { request_id: "c2", input_length: 512, output_length: 30, hash_ids: [4], wait_for: ["root"], tool_wait_ms: 20 },
        {
          request_id: "join",
          input_length: 1536,
          output_length: 3,
          hash_ids: [1, 2, 5],
          wait_for: ["c1", "c2"],
          delay: 5,
          tool_wait_ms: 7,
        },
      ],
      ["--num-workers", String(workers)],
      {},
    );
    expect(result.duration_ms).toBeCloseTo(durationMs, 5);
  });

  test("dynamo requests of agents with child sessions", async () => {
    const record = (
      id: string,
      [session, parent]: readonly [string, string?],
      received: number,
      took: number,
      output: number,
      input: number,
      hashes: number[],
    ) => ({
      schema: "dynamo.request.trace.v1",
      event_type: "request_end",
      event_time_unix_ms: 1_700_000_000_000 + received + took,
      agent_context: { session_id: session, ...(parent === undefined ? {} : { parent_session_id: parent }) },
      request: {
        request_id: id,
        output_tokens: output,
        request_received_ms: 1_700_000_000_000 + received,
        total_time_ms: took,
        replay: { trace_block_size: 16, input_length: input, input_sequence_hashes: hashes },
      },
    });
    const { result } = await replay(
      [
        record("m1", ["main"], 0, 400, 20, 100, [1, 2, 3, 4, 5, 6, 7]),
        record("h1", ["helper", "main"], 450, 450, 30, 48, [1, 2, 9]),
        record("h2", ["helper", "main"], 1000, 500, 10, 80, [1, 2, 9, 10, 11]),
        record("m2", ["main"], 1700, 300, 5, 200, [1, 2, 3, 4, 5, 6, 7, 20, 21, 22, 23, 24, 25]),
        record("o1", ["other"], 100, 700, 8, 30, [50, 51]),
      ],
      [...two, "--extra-engine-args", { block_size: 16 }],
      {},
    );
    const theirs = {
      duration_ms: 795.000506,
      max_ttft_ms: 23.867889,
      mean_ttft_ms: 23.2656902,
      mean_e2e_latency_ms: 101.5894064,
      prefix_cache_reused_ratio: 0.2794759825327511,
    };
    for (const [key, value] of Object.entries(theirs)) {
      expect(result[key as keyof typeof theirs], key).toBeCloseTo(value, 5);
    }
  });
});
