import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkOutputs, type NamedFile } from "./output-paths.ts";

const directory = mkdtempSync(join(tmpdir(), "output-paths-"));
const trace = { role: "the trace", path: join(directory, "trace.jsonl") };
writeFileSync(trace.path, "");
symlinkSync(directory, join(directory, "link"));
mkdirSync(join(directory, "far/off"), { recursive: true });
symlinkSync(join(directory, "far/off"), join(directory, "off"));

const outputs = (...paths: readonly string[]): NamedFile[] =>
  paths.map((path, i) => ({ role: `--out-${i + 1}`, path: path.startsWith("/") ? path : `${directory}/${path}` }));

it("an output may not replace an input or another output, by whatever way its path leads there", () => {
  checkOutputs(outputs("a.json", "b.json", "link/c.json"), [trace]);
  expect(() => checkOutputs(outputs("link/trace.jsonl"), [trace])).toThrow(
    /--out-1: .*\/link\/trace.jsonl is the trace/,
  );
  const same = outputs("new.json", "other.json", "link/new.json");
  expect(() => checkOutputs(same, [])).toThrow(
    /--out-3: .*\/link\/new.json is where --out-1 leads; give another path$/,
  );
  // `off/..` is the folder above the one the link leads to, not the one the link lies in.
  checkOutputs(outputs("off/../trace.jsonl"), [trace]);
  expect(() => checkOutputs(outputs("far/new.json", "off/../new.json"), [])).toThrow("where --out-1 leads");
  expect(() => checkOutputs(outputs("gone/new.json", "gone/./new.json"), [])).toThrow("where --out-1 leads");
});

it("several outputs may lead to one device, which loses nothing", () => {
  checkOutputs(outputs("/dev/null", "/dev/null"), [{ role: "the trace", path: "/dev/null" }]);
});

it("tells every output that leads nowhere", () => {
  const nowhere = [
    { role: "--report-json", path: "-" },
    { role: "--events", path: "" },
  ];
  expect(() => checkOutputs(nowhere, [])).toThrow(
    /--report-json: found "-", expected a path; \/dev\/stdout leads to standard output[^]*--events: found an empty path/,
  );
});
