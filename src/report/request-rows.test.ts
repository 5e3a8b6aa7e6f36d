import { expect, test } from "vitest";
import { smallRun, type SmallRow } from "../../test/small-run.ts";
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
