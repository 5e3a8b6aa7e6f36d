import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ProblemList } from "./config-error.ts";
import { loadDocument } from "./document.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-test-"));
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

async function load(given: string) {
  const problems = new ProblemList();
  const value = await loadDocument(given, "--args", problems);
  return { value, problems: problems.problems.map(({ where, message }) => `${where}: ${message}`) };
}

describe("what is understood", () => {
  test.each<[string, unknown]>([
    ['{"a": 1, "b": [true, null]}', { a: 1, b: [true, null] }],
    ["  [1, 2]  ", [1, 2]],
    ["{a: 1, b: x}", { a: 1, b: "x" }],
    ["a: 1\nb:\n  c: 2.5", { a: 1, b: { c: 2.5 } }],
    ["a: 1", { a: 1 }],
  ])("inline %j", async (given, value) => {
    expect(await load(given)).toEqual({ value, problems: [] });
  });

  test("a path, with or without @, to JSON or YAML", async () => {
    const json = file("args.json", '{"a": 1}');
    const yaml = file("args.yaml", "a: 1 # one\n");
    for (const given of [json, `@${json}`, yaml, `@${yaml}`]) {
      expect(await load(given)).toEqual({ value: { a: 1 }, problems: [] });
    }
  });
});

test("a file is a file, though its name could be a document", async () => {
  file("run: 2.json", '{"a": 3}');
  const before = process.cwd();
  process.chdir(folder);
  try {
    expect(await load("run: 2.json")).toEqual({ value: { a: 3 }, problems: [] });
    expect(await load("run: 3.json")).toEqual({ value: { run: "3.json" }, problems: [] });
  } finally {
    process.chdir(before);
  }
});

describe("what is refused, with its place", () => {
  test("nothing", async () => {
    expect((await load("  ")).problems).toEqual(["--args: found nothing, expected JSON, YAML or a path"]);
  });

  test("broken text names line and column", async () => {
    const [problem] = (await load('{"a": 1,, "b": }')).problems;
    expect(problem).toMatch(/^--args: neither JSON nor YAML: .* at line 1, column \d+$/);
  });

  test("a key twice", async () => {
    expect((await load("a: 1\na: 2")).problems[0]).toMatch(/unique/);
    expect((await load('{"a": [{"b": 1}, {"b": 2, "\\u0062" : 3}]}')).problems).toEqual([
      '--args: the key "b" stands twice',
    ]);
    const apart = '{"a": {"b": "b", "c": ["b", "b"]}, "b": {"a": "}"}, "c": "\\"a\\":"}';
    expect(await load(apart)).toEqual({ value: JSON.parse(apart) as unknown, problems: [] });
  });

  test.each([
    ["objects", '{"a":'.repeat(20_000) + "1" + "}".repeat(20_000)],
    ["brackets without an end", "[".repeat(100_000)],
    ["lists in a line", "a: 1\n" + "- ".repeat(100_000)],
    ["indents", Array.from({ length: 600 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["an alias that leads in a circle", "a: &a {b: *a}"],
  ])("%s nested without end", async (_, given) => {
    const { problems } = await load(given);
    expect(problems).toEqual(["--args: is nested too deeply for a configuration"]);
  });

  test("symbolic links in a circle", async () => {
    const path = join(folder, "circle");
    symlinkSync(path, path);
    expect((await load(path)).problems[0]).toContain("its symbolic links lead in a circle; ");
  });

  test("a broken file is named", async () => {
    const path = file("broken.yaml", "a: [1, 2");
    expect((await load(path)).problems[0]).toContain(`--args (${path}): neither JSON nor YAML: `);
  });

  test("a folder, a missing file", async () => {
    mkdirSync(join(folder, "sub"), { recursive: true });
    expect((await load(join(folder, "sub"))).problems[0]).toContain("it is a directory");
    expect((await load("no-such-file.json")).problems[0]).toContain("no such file or directory");
  });
});
