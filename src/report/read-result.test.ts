import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../test/run-cli.ts";
import { readResult } from "./read-result.ts";

const fixture = join(import.meta.dirname, "../../test/fixtures/result-v1.json");
const original = () => JSON.parse(readFileSync(fixture, "utf8")) as Record<string, unknown>;

function written(content: string | Buffer): string {
  const path = join(scratchFolder(), "result.json");
  writeFileSync(path, content);
  return path;
}

describe("readResult", () => {
  test("reads a result of format version 1, compressed too", () => {
    expect(readResult(fixture)).toEqual(original());
    expect(readResult(written(gzipSync(readFileSync(fixture))))).toEqual(original());
  });

  test("forgives keys that came later or are not known yet", () => {
    const older: Record<string, unknown> = { ...original(), median_ttst_ms: undefined };
    const timeline = { ...(older["timeline"] as object), overview: undefined };
    const path = written(JSON.stringify({ ...older, timeline, new_key: 1 }));
    expect(readResult(path)).not.toHaveProperty("median_ttst_ms");
  });

  test.each([
    ["a missing key reports need", { timeline: undefined }, /timeline: .*found nothing/],
    ["a wrong type", { gpu_hours: "much" }, /gpu_hours: .*found "much"/],
    ["a wrong type further in", { trace: { name: 3, requests: 1, notes: [] } }, /trace\.name: .*found 3/],
    ["a newer format", { schema_version: 2 }, /found 2, expected at most 1; a newer windtunnel/],
    ["no version", { schema_version: undefined }, /not a result of windtunnel replay/],
  ])("tells %s with file and place", (_, change, message) => {
    const path = written(JSON.stringify({ ...original(), ...change }));
    expect(() => readResult(path)).toThrow(message);
    expect(() => readResult(path)).toThrow(path);
  });

  test("tells what cannot be read", () => {
    expect(() => readResult("nowhere.json")).toThrow("nowhere.json: cannot read it: no such file or directory");
    expect(() => readResult(written("{"))).toThrow("not JSON");
  });
});
