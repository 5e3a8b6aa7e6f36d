import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse } from "es-module-lexer/js";

/** One file of a module: where it lies from the module's own folder, with `/`, and the SHA-256 (hex) of its content. */
export type ModuleFile = readonly [place: string, digest: string | null];

/**
 * The files a module consists of: its own, and the local ones it imports or re-exports, theirs included. Packages are not
 * followed, nor paths that the code works out (`import(variable)`, `require`). A digest is null where there is no file.
 *
 * @param path of the module, from the working directory
 * @returns the module first, then in the order of the imports
 */
export function moduleFiles(path: string): readonly ModuleFile[] {
  const start = realPath(resolve(path));
  const folder = dirname(start);
  const files = new Map<string, ModuleFile>();
  const waiting = [start];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    if (files.has(file)) continue;
    const { digest, imports } = read(file);
    files.set(file, [relative(folder, file).replaceAll(sep, "/"), digest]);
    waiting.push(...imports);
  }
  return [...files.values()];
}

interface Read {
  readonly digest: string | null;
  /** Paths of the local files it imports. */
  readonly imports: readonly string[];
}

/** Files as they were when last looked at: every run of a sweep asks for them. */
const known = new Map<string, Read & { readonly version: string }>();

function read(path: string): Read {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path);
    const version = [mtimeMs, ctimeMs, size, ino].join(" ");
    const before = known.get(path);
    if (before?.version === version) return before;
    const content = readFileSync(path);
    const digest = createHash("sha256").update(content).digest("hex");
    const found = { version, digest, imports: importsOf(path, content.toString("utf8")) };
    known.set(path, found);
    return found;
  } catch {
    return { digest: null, imports: [] };
  }
}

function importsOf(path: string, code: string): string[] {
  if (!/\.[cm]?[jt]s$/.test(path)) return [];
  try {
    const [imports] = parse(code);
    return imports.flatMap(({ n: name }) => (name === undefined ? [] : localFile(name, path)));
  } catch {
    // What is no JavaScript fails the run that loads it, which says why.
    return [];
  }
}

/** The file that a module names relative to itself or from the root; none for packages. */
function localFile(name: string, importer: string): string[] {
  if (!/^(?:\.{0,2}\/|file:)/.test(name)) return [];
  try {
    return [realPath(fileURLToPath(new URL(name, pathToFileURL(importer))))];
  } catch {
    return [];
  }
}

/** Modules are looked for from where a file really lies. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
