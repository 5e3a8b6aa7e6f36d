import { describe, expect, test } from "vitest";
import { handMadeOutcome } from "../../test/hand-made-outcome.ts";
import { smallRun, type SmallRow } from "../../test/small-run.ts";
import { RequestStatus } from "../metrics/request-ledger.ts";
import { requestRows } from "./request-rows.ts";

const rows: readonly SmallRow[] = [
  { at: 0, input: 512, output: 3, ids: [1, 10] },
  { at: 300, input: 513, output: 3, ids: [1, 11] },
  { at: 590, input: 400, output: 3, ids: [1], session: "ses" },
  { at: 600, input: 514, output: 3, ids: [1, 12], session: "ses" },
  { at: 900, input: 515, output: 3, ids: [1, 13] },
];

async function rowsOf(
  trace: readonly SmallRow[],
  options: Parameters<typeof smallRun>[1],
  closedLoop = false,
): Promise<Record<string, unknown>[]> {
  const { outcome } = await smallRun(trace, options);
  const lines = [...requestRows(outcome, closedLoop)].join("").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const overlaps = (row: Record<string, unknown>) => [
  row["prefill_route_overlap_tokens"],
  row["decode_route_overlap_tokens"],
];

// The figures are those of ai-dynamo 1.4.2.
test("say what the routers of a disaggregated run believed to be cached where they sent the request", async () => {
  const disaggregated = {};
  const byCost = await rowsOf(rows, { disaggregated, flags: ["--router-mode", "kv_router"] });
  expect(byCost.map(overlaps)).toEqual([
    [0, 0],
    [512, 0],
    [384, 0],
    [512, 0],
    [512, 0],
  ]);
  const inTurn = await rowsOf(rows, { disaggregated });
  expect(inTurn.map(overlaps)).toEqual(rows.map(() => [0, 0]));
  const aggregated = await rowsOf(rows, { flags: ["--num-workers", "2"] });
  expect(aggregated.map(overlaps)).toEqual(rows.map(() => [null, null]));
});

test("name requests of no session after their place, in a closed loop only", async () => {
  const alone = rows.map(({ session: _, ...row }) => row);
  const names = (found: Record<string, unknown>[]) => found.map((row) => [row["session_id"], row["turn_index"]]);
  const flags = ["--num-workers", "2"];
  expect(names(await rowsOf(alone, { flags }))).toEqual(alone.map(() => [null, null]));
  expect(names(await rowsOf(alone, { flags: [...flags, "--replay-concurrency", "2"] }, true))).toEqual(
    alone.map((_, place) => [`request_${place + 1}`, 0]),
  );
  expect(names(await rowsOf(rows, { flags }))).toEqual([
    ["request_1", 0],
    ["request_2", 0],
    ["ses", 0],
    ["ses", 1],
    ["request_5", 0],
  ]);
});

describe("rows of requests that end in every way", () => {
  const { completed, failed, pending, timedOut } = RequestStatus;
  const handoff = { prefillAdmit: 1, held: 2, activated: 2.5, released: 2.75, decodeReused: 64 };
  const outcome = handMadeOutcome([
    // Offered after the others although it stands first in the trace.
    {
      arrival: 9,
      admit: 9,
      first: 9.5,
      second: 9.75,
      last: 10.5,
      terminal: 10.5,
      output: 5,
      status: completed,
      handoff,
    },
    { arrival: 1, admit: 1, first: 2, second: 3, last: 3, terminal: 4, output: 2, status: timedOut },
    { arrival: 5, terminal: 6, last: 0, output: 0, status: failed },
    { arrival: 1, admit: 1, first: 2, last: 2, terminal: 2, output: 1, status: completed },
    { arrival: 11, output: 0, status: pending },
  ]);
  outcome.handoffs!.decodeAdmitNs[0] = 9.5e9;
  outcome.ledger.firstTokenNs[1] = 2e9 + 0.25;
  for (const column of ["firstTokenNs", "lastTokenNs", "terminalNs"] as const) outcome.ledger[column][3] = 1e9 + 1000;
  const lines = [...requestRows(outcome)].join("").trimEnd().split("\n");
  const found = lines.map((line) => JSON.parse(line) as Record<string, number | null>);
  const column = (key: string) => found.map((row) => row[key]);

  test("come by arrival, without those still there at the end", () => {
    expect(column("uuid").map((uuid) => Number(String(uuid).slice(-1)))).toEqual([1, 3, 2, 0]);
    expect(column("arrival_time_ms")).toEqual([1000, 1000, 5000, 9000]);
  });

  test("have a latency if they completed, times of tokens if there were any, and gaps between two", () => {
    expect(column("e2e_latency_ms")).toEqual([null, 0.001, null, 1500]);
    expect(column("last_token_ms")).toEqual([3000, 1000.001, null, 10_500]);
    expect(column("itl_ms")).toEqual([expect.closeTo(1000, 6), null, null, 250]);
    expect(column("ttst_ms")).toEqual([expect.closeTo(1000, 6), null, null, 250]);
    expect(column("terminal_time_ms")).toEqual([4000, 1000.001, 6000, 10_500]);
  });

  test("hold times to the last digit", () => {
    expect(column("first_token_ms")).toEqual([(2e9 + 0.25) / 1e6, 1000.001, null, 9500]);
    expect(column("ttft_ms")).toEqual([(1e9 + 0.25) / 1e6, 0.001, null, 500]);
  });

  test("tell what a decode worker reused where it admitted the request", () => {
    expect(column("decode_reused_input_tokens")).toEqual([null, null, null, 64]);
    expect(column("source_held_ms")).toEqual([null, null, null, 2000]);
  });
});
