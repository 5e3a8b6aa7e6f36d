import { expect, test } from "vitest";
import type { TruthTable } from "../check/truth-table.ts";
import { measuredPasses } from "./measured-passes.ts";
import { measuredRun } from "./measured-run.ts";

function table(header: string, ...rows: readonly string[]): TruthTable {
  return { path: "m.csv", columns: header.split(","), rows: rows.map((row) => row.split(",")) };
}

const passes = "phase,batch,isl,prefix,context,latency_ms";

test("measured passes are taken as they are", () => {
  expect(measuredPasses(table(passes, "prefill,2,100,40,,5", "decode,8,,,1000,9.5"))).toEqual([
    { phase: "prefill", requests: 2, tokens: 60, prefix: 40, ms: 5 },
    { phase: "decode", requests: 8, tokens: 1000, prefix: 0, ms: 9.5 },
  ]);
});

test.each([
  ["prefill,1,100,,,0", 'm.csv:2: latency_ms: found "0", expected a number above 0'],
  ["decode,1,,,1000,-5", 'latency_ms: found "-5"'],
  ["decode,0,,,1000,5", 'batch: found "0", expected a whole number from 1'],
  ["decode,1.5,,,1000,5", 'batch: found "1.5"'],
  ["prefill,1,100,100,,5", 'isl: found "100", expected a whole number from 101'],
  ["prefill,1,100,-1,,5", 'prefix: found "-1"'],
])("a pass that cannot have been measured is refused: %s", (row, message) => {
  expect(() => measuredPasses(table(passes, row))).toThrow(message);
});

test("a file without passes is refused", () => {
  expect(() => measuredPasses(table(passes))).toThrow("m.csv: no rows");
});

const requests = "arrival_ms,input_length,output_length,first_token_ms,last_token_ms";

test("an answer that came all at once tells nothing of the time per token", () => {
  const { measured } = measuredRun(table(requests, "10,100,5,30,30", "0,100,5,20,60"));
  expect(measured).toEqual([
    { ttftMs: 20, tpotMs: NaN, latencyMs: 20 },
    { ttftMs: 20, tpotMs: 10, latencyMs: 60 },
  ]);
});

test.each([
  ["0,1000.5,20,50,250", 'm.csv:2: input_length: found "1000.5", expected a whole number from 1'],
  ["0,-5,20,50,250", 'input_length: found "-5"'],
  ["0,3000000000,20,50,250", 'input_length: found "3000000000"'],
  ["0,100,0,50,250", 'output_length: found "0"'],
  ["60,100,20,50,250", "first_token_ms: found 50, expected at least arrival_ms, which is 60"],
  ["0,100,20,50,40", "last_token_ms: found 40, expected at least first_token_ms, which is 50"],
])("a request that cannot have been measured is refused: %s", (row, message) => {
  expect(() => measuredRun(table(requests, row))).toThrow(message);
});
