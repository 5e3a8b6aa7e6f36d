import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../config/config-error.ts";
import { parseAxis } from "../sweep/axis.ts";
import { OptionReader, outputFolder } from "./option-reader.ts";
import { whole } from "./whole-number.ts";

function told(read: (reader: OptionReader) => unknown): string[] {
  const reader = new OptionReader();
  read(reader);
  try {
    reader.throwIfAny();
    return [];
  } catch (error) {
    return (error as ConfigError).problems.map(({ where, message }) => `${where} ${message}`.trim());
  }
}

test("all mistakes are told together, and what is no mistake of the user's at once", () => {
  const problems = told((reader) => {
    reader.count("--runs", "0");
    reader.read(() => parseAxis("engine.x"));
    reader.number("--share", "2", "a number up to 1", (value) => value <= 1);
    expect(reader.count("--runs", "12")).toBe(12);
    expect(reader.count("--runs", undefined)).toBeUndefined();
    expect(reader.failed).toBe(true);
  });
  expect(problems).toEqual([
    '--runs found "0", expected a whole number of at least 1',
    expect.stringContaining("expected KEY=RANGE"),
    '--share found "2", expected a number up to 1',
  ]);
  expect(() => new OptionReader().read(() => JSON.parse("{"))).toThrow(SyntaxError);
});

test.each(["", " ", "x", "1.5", "-1", "1e400", "0x"])("%j is no seed, and no whole number", (text) => {
  expect(told((reader) => reader.seed(text))).toEqual([
    `--seed found "${text}", expected a whole number of at least 0`,
  ]);
  expect(() => whole(text, "--port", 0)).toThrow(`--port: found "${text}", expected a whole number of at least 0`);
});

test("whole numbers keep to their bounds", () => {
  expect(whole("0", "--port", 0)).toBe(0);
  expect(whole("1e3", "--port", 1, 1000)).toBe(1000);
  expect(() => whole("1001", "--port", 1, 1000)).toThrow("expected a whole number from 1 to 1000");
});

test("results go to a folder that is there or is to be made", () => {
  expect(outputFolder(tmpdir(), "--out")).toBe(tmpdir());
  expect(outputFolder(join(tmpdir(), "none", "yet"), "--out")).toBe(join(tmpdir(), "none", "yet"));
  expect(() => outputFolder("", "--out")).toThrow('--out: found "", expected a folder');
  expect(() => outputFolder(import.meta.filename, "--out")).toThrow("is no folder");
});
