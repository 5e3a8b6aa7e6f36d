import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli, scratchFolder } from "../../test/run-cli.ts";
import { commands } from "./command-table.ts";

const root = join(import.meta.dirname, "../..");
const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(root, "docs")).flatMap(pageOf)];
const read = (page: string) => readFileSync(join(root, page), "utf8");

function pageOf(file: string): string[] {
  return file.endsWith(".md") ? [`docs/${file}`] : [];
}

/** Headings as links name them. */
function anchorsOf(page: string): string[] {
  const text = read(page).replaceAll(/^```.*?^```/gms, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe.each(pages)("%s", (page) => {
  const text = read(page);

  test("links to what is there", () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path, anchor] = link.split("#", 2) as [string, string?];
      const target = path === "" ? page : join(dirname(page), path);
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test("names files that are there", () => {
    const named = [...text.matchAll(/\b((?:src|test|bench|examples|docs|scripts)\/[\w./-]+\w\/?)/g)].map(
      ([, path]) => path!,
    );
    const missing = named.filter((path) => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });
});

/** Commands in code blocks, without what a shell does with them; a command is its words up to the first option. */
function commandsOf(page: string): { readonly name: string; readonly flags: readonly string[] }[] {
  const blocks = [...read(page).matchAll(/^```\w*\n(.*?)^```|^((?: {4}\S.*\n(?: {4,}.*\n)*)+)/gms)];
  return blocks
    .map(([, fenced, indented]) => (fenced ?? indented!).replaceAll("\\\n", " ").replaceAll(/'[^']*'/gs, "''"))
    .flatMap((block) => [...block.matchAll(/\bwindtunnel ((?:trace|perf) \w[\w-]*|sweep merge|\w+)([^\n|>#]*)/g)])
    .map(([, name, rest]) => ({ name: name!, flags: [...rest!.matchAll(/--[a-z][\w-]*/g)].map(([flag]) => flag) }))
    .filter(({ name }) => commands.some((command) => command.name === name.split(" ")[0]));
}

test("options in the commands of all pages are options of those commands", async () => {
  const told = pages.flatMap(commandsOf);
  expect(told.length).toBeGreaterThan(30);
  const cwd = scratchFolder();
  const helps = new Map<string, string>();
  for (const name of new Set(told.map((command) => command.name))) {
    helps.set(name, (await runCli([...name.split(" "), "--help"], { cwd })).stdout);
  }
  const unknown = told.flatMap(({ name, flags }) =>
    flags.filter((flag) => !new RegExp(`${flag}(?![\\w-])`).test(helps.get(name)!)).map((flag) => `${name} ${flag}`),
  );
  expect(unknown).toEqual([]);
});
