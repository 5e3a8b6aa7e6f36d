import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../test/run-cli.ts";
import { combineRows, parseRows, ResultsFile } from "./results-file.ts";
import { failedRow } from "./sweep-row.ts";

const row = (run: string, index: number, error = "é") =>
  failedRow(run, { index, values: { "a.x": index }, repeat: 0 }, error);
const line = (run: string, index: number) => `${JSON.stringify(row(run, index))}\n`;

test("a line cut short is dropped and its place taken", () => {
  const path = join(scratchFolder(), "results.jsonl");
  writeFileSync(path, line("a", 0) + line("b", 1).slice(0, -9));
  const file = new ResultsFile(path);
  expect(file.rows).toEqual([row("a", 0)]);
  file.append(row("c", 2));
  file.close();
  expect(readFileSync(path, "utf8")).toBe(line("a", 0) + line("c", 2));
});

test("a later row of a run replaces an earlier one, in the order of the plan", () => {
  const path = join(scratchFolder(), "results.jsonl");
  writeFileSync(path, line("b", 1) + line("a", 0));
  appendFileSync(path, `${JSON.stringify(row("b", 1, "later"))}\n`);
  const file = new ResultsFile(path);
  file.close();
  expect(file.rows).toEqual([row("a", 0), row("b", 1, "later")]);
});

test("says which line is none of a sweep", () => {
  expect(() => parseRows(`${line("a", 0)}{"run": 1}\n`, "x.jsonl")).toThrow(/^x.jsonl:2: not a row of a sweep/);
  expect(() => parseRows("nonsense\n", "x.jsonl")).toThrow(/^x.jsonl:1: not a row of a sweep/);
});

test("a last line without its end is none yet", () => {
  expect(parseRows(line("a", 0) + line("b", 1).trimEnd(), "x.jsonl")).toEqual([row("a", 0)]);
});

test("rows go on into the file that another sweep has put in this one's place", () => {
  const path = join(scratchFolder(), "results.jsonl");
  const file = new ResultsFile(path);
  file.append(row("a", 0));
  writeFileSync(`${path}.new`, line("z", 9));
  renameSync(`${path}.new`, path);
  file.append(row("b", 1));
  file.append(row("c", 2));
  file.close();
  expect(readFileSync(path, "utf8")).toBe(line("z", 9) + line("b", 1) + line("c", 2));
});

test("says what cannot be opened", () => {
  const path = join(scratchFolder(), "results.jsonl");
  mkdirSync(path);
  expect(() => new ResultsFile(path)).toThrow(/cannot write .*results.jsonl: it is a directory/);
});

test("rows of several files: each once, finished before failed", () => {
  const finished = { ...row("a", 0), error: null };
  expect(combineRows([[row("a", 0)], [row("b", 1), finished], [row("a", 0)]])).toEqual([finished, row("b", 1)]);
  // A plan may list a value twice.
  expect(combineRows([[row("a", 0)], [row("a", 3)]])).toHaveLength(2);
});
