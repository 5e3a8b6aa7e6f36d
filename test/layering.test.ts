import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../src");

/** The rooms as docs/architecture.md has them: code of one step may run code of later steps, and of its own room. */
const steps = [
  ["cli"],
  ["recommend"],
  ["study"],
  ["sweep"],
  ["replay.ts"],
  ["report"],
  ["result"],
  ["simulation"],
  ["fleet", "planner", "perf"],
  ["engine", "workload"],
  ["router", "trace", "metrics"],
  ["random"],
];

/** What everybody may use: how users' words are read and answered, how shares are written, and the program's version. */
const buildingBlocks = [
  "version.ts",
  "share-text.ts",
  ...["config-error", "document", "fields", "nearest-name", "parse-yaml", "validate"].map(
    (name) => `config/${name}.ts`,
  ),
];

interface Import {
  readonly from: string;
  readonly to: string;
  /** Only types are taken, which are gone when the program runs. */
  readonly typesOnly: boolean;
}

function sources(): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"));
}

function importsOf(from: string): Import[] {
  const text = readFileSync(join(root, from), "utf8");
  const found: Import[] = [];
  const pattern = /^(?:import|export)\s+(type\s+)?([^;"]*?)\s*(?:from\s+)?"(\.[^"]+)";|\bimport\("(\.[^"]+)"\)/gm;
  for (const [, type, names = "", stated, late] of text.matchAll(pattern)) {
    const to = relative(root, resolve(root, from, "..", stated ?? late!))
      .split(sep)
      .join("/");
    const list = /^\{([^}]*)\}$/
      .exec(names)?.[1]
      ?.split(",")
      .filter((name) => name.trim() !== "");
    const typesOnly = type !== undefined || list?.every((name) => name.trim().startsWith("type ")) === true;
    found.push({ from, to, typesOnly });
  }
  return found;
}

const files = sources();
const next: Readonly<Record<string, readonly Import[]>> = Object.fromEntries(
  files.map((file) => [file, importsOf(file)]),
);
const imports = Object.values(next).flat();

const roomOf = (path: string): string => path.split("/")[0]!;
const stepOf = (path: string): number => steps.findIndex((rooms) => rooms.includes(roomOf(path)));
const shown = (list: readonly Import[]): string[] => list.map(({ from, to }) => `${from} imports ${to}`);

test("the imports of all files are found", () => {
  expect(imports.length).toBeGreaterThan(files.length);
  const known = new Set(
    readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => path.split(sep).join("/")),
  );
  expect(shown(imports.filter(({ to }) => !known.has(to) && to !== "../package.json"))).toEqual([]);
});

test("every room has its place", () => {
  const placed = new Set([...steps.flat(), "config", "index.ts", "version.ts", "share-text.ts"]);
  expect([...new Set(files.map(roomOf))].filter((room) => !placed.has(room))).toEqual([]);
});

test("rooms run only code of rooms after them", () => {
  const wrong = imports.filter(({ from, to, typesOnly }) => {
    if (typesOnly || roomOf(from) === roomOf(to) || stepOf(from) < 0 || buildingBlocks.includes(to)) return false;
    return roomOf(to) === "config"
      ? stepOf(from) > steps.findIndex((rooms) => rooms.includes("replay.ts"))
      : stepOf(to) <= stepOf(from);
  });
  expect(shown(wrong)).toEqual([]);
});

test("the building blocks, and what they are made of, need no room", () => {
  const seen = new Set(buildingBlocks);
  const wrong: Import[] = [];
  for (const file of seen) {
    for (const each of next[file] ?? []) {
      if (each.typesOnly || each.to === "../package.json") continue;
      if (roomOf(each.to) === "config" || each.to === "version.ts") seen.add(each.to);
      else wrong.push(each);
    }
  }
  expect(shown(wrong)).toEqual([]);
});

test("config prepares what a run takes, and knows nothing of what comes of it", () => {
  const made = ["cli", "recommend", "study", "sweep", "replay.ts", "report", "result", "simulation"];
  const wrong = imports.filter(
    ({ from, to, typesOnly }) => !typesOnly && roomOf(from) === "config" && made.includes(roomOf(to)),
  );
  expect(shown(wrong)).toEqual([]);
});

test("no files need each other in a circle, not even for types", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of next[file] ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});
