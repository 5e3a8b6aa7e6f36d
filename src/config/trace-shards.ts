import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { statOrNull } from "./document.ts";

/** A place with wildcards: what lies before them, and what the rest must look like. */
interface Pattern {
  readonly folder: string;
  readonly path: RegExp;
  /** Folders below `folder` it can reach into. */
  readonly depth: number;
}

/**
 * The files a trace setting means: the file it names, every `.jsonl` and `.jsonl.gz` below a folder, or what matches a
 * pattern (`*`, `?`, `[a-z]`, and `**` for any folders), in order of their names.
 * @throws Error when nothing matches, or a file is there both plain and compressed
 */
export function traceShards(given: string): string[] {
  const shards = matching(given);
  if (shards.length === 0) throw new Error(`found ${given}, where there is no .jsonl or .jsonl.gz file`);
  const copies = new Map<string, string>();
  for (const path of shards) {
    const plain = path.endsWith(".jsonl.gz") ? path.slice(0, -".gz".length) : path;
    const other = copies.get(plain);
    if (other !== undefined) {
      throw new Error(
        `found both ${other} and ${path}, expected a trace plain or compressed, not both: choose by a pattern`,
      );
    }
    copies.set(plain, path);
  }
  return shards.toSorted();
}

function matching(given: string): string[] {
  const stat = statOrNull(given);
  if (stat?.isDirectory() === true) return filesBelow(given).filter((path) => /\.jsonl(\.gz)?$/.test(path));
  if (stat !== null || !/[*?[]/.test(given)) return [given];
  const { folder, path, depth } = patternOf(given);
  return filesBelow(folder === "" ? "." : folder, depth)
    .map((found) => (folder === "" ? relative(".", found) : found))
    .filter((found) => path.test(found.split(sep).join("/")));
}

function filesBelow(folder: string, depth = Infinity): string[] {
  if (statOrNull(folder)?.isDirectory() !== true) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statOrNull(path);
    if (stat?.isDirectory() === true) return depth > 0 ? filesBelow(path, depth - 1) : [];
    return stat?.isFile() === true ? [path] : [];
  });
}

function patternOf(given: string): Pattern {
  const fixed = given.slice(0, given.search(/[*?[]/));
  const folder = fixed.slice(0, fixed.lastIndexOf("/") + 1);
  const rest = given.slice(folder.length);
  const source = join(folder, rest).replaceAll(/\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|[.+^${}()|\\[\]]/g, (part) => {
    if (part === "**/") return "(?:[^/]+/)*";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.length > 1 ? part.replace(/^\[!/, "[^") : `\\${part}`;
  });
  const depth = rest.includes("**") ? Infinity : rest.split("/").length - 1;
  return { folder, path: new RegExp(`^${source}$`), depth };
}
