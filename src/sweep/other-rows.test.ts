import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../test/run-cli.ts";
import { keepOtherRows, otherRows } from "./other-rows.ts";
import { failedRow, type SweepRow } from "./sweep-row.ts";

const failed = (run: string) => failedRow(run, { index: 0, values: { "a.x": 1 }, repeat: 0 }, "out of memory");
const finished = (run: string): SweepRow => ({ ...failed(run), error: null });

test("finished rows of another sweep are kept once; failed ones and those of the sweep itself are not", () => {
  const folder = scratchFolder();
  const rows = [finished("theirs"), failed("broken"), finished("ours")];
  writeFileSync(join(folder, "results.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  expect(otherRows(folder)).toEqual([]);
  keepOtherRows(folder, [finished("ours")]);
  keepOtherRows(folder, [finished("ours")]);
  expect(otherRows(folder)).toEqual([finished("theirs")]);
  expect(readFileSync(join(folder, "other-results.jsonl"), "utf8")).toBe(`${JSON.stringify(finished("theirs"))}\n`);
});
