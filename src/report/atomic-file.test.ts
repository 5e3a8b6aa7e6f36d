import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { checkWritable, makeFolder, OutputError, removeUnfinished, writeFileAtomically } from "./atomic-file.ts";

const scratch = () => mkdtempSync(join(tmpdir(), "windtunnel-test-"));

describe("writing a file as a whole", () => {
  test("makes the folders and replaces what was there", async () => {
    const folder = scratch();
    const path = join(folder, "a/b/report.json");
    await writeFileAtomically(path, ["old"]);
    await writeFileAtomically(path, ["new ", "text ✓"]);
    expect(readFileSync(path, "utf8")).toBe("new text ✓");
    expect(readdirSync(join(folder, "a/b"))).toEqual(["report.json"]);
  });

  test(".gz is compressed, the same bytes every time", async () => {
    const folder = scratch();
    const chunks = Array.from({ length: 2000 }, (_, i) => `${"row ".repeat(50)}${i}\n`);
    await writeFileAtomically(join(folder, "one.gz"), chunks);
    await writeFileAtomically(join(folder, "two.gz"), chunks);
    const one = readFileSync(join(folder, "one.gz"));
    expect(gunzipSync(one).toString("utf8")).toBe(chunks.join(""));
    expect(one.equals(readFileSync(join(folder, "two.gz")))).toBe(true);
  });

  test("a failure half-way leaves the old file and nothing else", async () => {
    const folder = scratch();
    const path = join(folder, "report.json");
    writeFileSync(path, "old");
    function* breaking() {
      yield "half of ";
      throw new Error("broken");
    }
    await expect(writeFileAtomically(path, breaking())).rejects.toThrow(`cannot write ${path}: broken`);
    await expect(writeFileAtomically(`${path}.gz`, breaking())).rejects.toBeInstanceOf(OutputError);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["report.json"]);
  });

  test.skipIf(!existsSync("/dev/full"))("a full device names the path, plain and compressed", async () => {
    await expect(writeFileAtomically("/dev/full", ["x"])).rejects.toThrow("cannot write /dev/full: no space left");
  });

  test("what lies above a linked folder is reached as the system reaches it", async () => {
    const folder = scratch();
    mkdirSync(join(folder, "far/off"), { recursive: true });
    symlinkSync(join(folder, "far/off"), join(folder, "off"));
    writeFileSync(join(folder, "far/report.json"), "old");
    symlinkSync("report.json", join(folder, "far/latest.json"));
    await writeFileAtomically(`${folder}/off/../latest.json`, ["new"]);
    await writeFileAtomically(`${folder}/off/../other.json`, ["other"]);
    checkWritable(`${folder}/off/../latest.json`);
    expect(readdirSync(folder).toSorted()).toEqual(["far", "off"]);
    expect(readFileSync(join(folder, "far/report.json"), "utf8")).toBe("new");
    expect(readFileSync(join(folder, "far/other.json"), "utf8")).toBe("other");
  });

  test("a link stays, and what it leads to is replaced", async () => {
    const [folder, elsewhere] = [scratch(), scratch()];
    const [link, path] = [join(folder, "latest.json"), join(elsewhere, "report.json")];
    writeFileSync(path, "old");
    symlinkSync(path, link);
    checkWritable(link);
    await writeFileAtomically(link, ["new"]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect([readdirSync(folder), readdirSync(elsewhere)]).toEqual([["latest.json"], ["report.json"]]);
  });

  test.skipIf(!existsSync("/dev/fd"))("a file that is open already is written to, not replaced", async () => {
    const path = join(scratch(), "out.txt");
    const file = openSync(path, "w");
    for (const place of [`/dev/fd/${file}`, `/proc/self/fd/${file}`]) {
      if (!existsSync(place)) continue;
      checkWritable(place);
      await writeFileAtomically(place, ["first ", "second "]);
    }
    closeSync(file);
    expect(readFileSync(path, "utf8")).toMatch(/^(first second ){1,2}$/);
  });

  test("a path below a file, or onto a folder, is told before anything is written", () => {
    const folder = scratch();
    writeFileSync(join(folder, "file"), "");
    expect(() => checkWritable(join(folder, "file/report.json"))).toThrow(OutputError);
    expect(() => checkWritable(folder)).toThrow(`cannot write ${folder}: it is a directory`);
    checkWritable(join(folder, "new/report.json"));
    expect(readdirSync(join(folder, "new"))).toEqual([]);
  });
});

test("a file where a folder should be made is told of", () => {
  const file = join(scratch(), "runs");
  writeFileSync(file, "");
  expect(() => makeFolder(file)).toThrow("it is no folder");
  expect(() => makeFolder(join(file, "below"))).toThrow("it is no folder");
});

test("what ended threads left half written goes, and nothing else", async () => {
  const folder = scratch();
  const left = join(folder, "run.json");
  let leftName = "";
  const chunks = function* () {
    leftName = readdirSync(folder)[0]!;
    yield "whole";
  };
  await writeFileAtomically(left, chunks());
  for (const name of [leftName, ".run.json.1.partial", "mine.partial"]) writeFileSync(join(folder, name), "half");
  removeUnfinished(folder);
  expect(readdirSync(folder).toSorted()).toEqual([".run.json.1.partial", "mine.partial", "run.json"]);
  removeUnfinished(join(folder, "none"));
});
