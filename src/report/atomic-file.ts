import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createGzip } from "node:zlib";
import { fileErrorText, statOrNull } from "../config/document.ts";

/** What this process has not written to its end yet is named so. */
const partialEnding = `.${process.pid}.partial`;

/** A report that could not be written; the message names the path. */
export class OutputError extends Error {
  override readonly name = "OutputError";

  constructor(path: string, cause: unknown) {
    super(`cannot write ${path}: ${fileErrorText(cause)}`, { cause });
  }
}

/**
 * Writes a file as a whole: into a new file beside it that takes its place when everything is written, so that a
 * reader never sees half a report and a failure leaves what was there. Missing folders are made. Devices and pipes are
 * written to directly, and so is /dev/stdout wherever it leads; other links stay, and what they lead to is replaced. A path
 * that ends in .gz is compressed.
 * @param chunks text or bytes, in order
 * @throws OutputError
 */
export async function writeFileAtomically(path: string, chunks: Iterable<string | Uint8Array>): Promise<void> {
  const opened = openedFile(path);
  if (opened !== null) return writeInto(opened, path, chunks);
  const direct = isSpecialFile(path);
  const final = direct ? path : behindLinks(path);
  const target = direct ? path : partialName(final);
  let file: number | null = null;
  try {
    refuseFolder(path);
    if (!direct) makeFolder(dirname(final));
    file = openSync(target, direct ? "w" : "wx");
    if (path.endsWith(".gz")) await writeCompressed(file, chunks);
    else writeChunks(file, chunks);
    closeSync(file);
    file = null;
    if (!direct) renameSync(target, final);
  } catch (error) {
    if (file !== null) closeSync(file);
    if (!direct) rmSync(target, { force: true });
    throw new OutputError(path, error);
  }
}

/**
 * Fails early where a report could not be written: makes the folder and tries to create a file in it.
 * @throws OutputError
 */
export function checkWritable(path: string): void {
  if (openedFile(path) !== null || isSpecialFile(path)) return;
  const final = behindLinks(path);
  const probe = partialName(final);
  try {
    refuseFolder(path);
    makeFolder(dirname(final));
    closeSync(openSync(probe, "wx"));
    rmSync(probe);
  } catch (error) {
    throw new OutputError(path, error);
  }
}

/** Makes a folder for output, and those above it. @throws OutputError */
export function makeOutputFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw new OutputError(path, error);
  }
}

function refuseFolder(path: string): void {
  if (statOrNull(path)?.isDirectory() === true) throw Object.assign(new Error("it is a directory"), { code: "EISDIR" });
}

/** Makes a folder and those above it, one by one: Node's recursive mkdir never returns below some special folders. */
export function makeFolder(path: string): void {
  const there = statOrNull(path);
  if (there?.isDirectory() === true) return;
  if (there !== null) throw Object.assign(new Error("it is no folder"), { code: "ENOTDIR" });
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function isSpecialFile(path: string): boolean {
  const stat = statOrNull(path);
  return stat !== null && !stat.isFile() && !stat.isDirectory();
}

/** A file that is open already and has a name of the system's, such as /dev/stdout after `> file`; null = none. */
function openedFile(path: string): number | null {
  const place = resolve(path);
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(place)?.[1];
  const file = place === "/dev/stdout" ? 1 : place === "/dev/stderr" ? 2 : number === undefined ? null : Number(number);
  return file !== null && statOrNull(path)?.isFile() === true ? file : null;
}

function writeInto(file: number, path: string, chunks: Iterable<string | Uint8Array>): void {
  try {
    writeChunks(file, chunks);
  } catch (error) {
    throw new OutputError(path, error);
  }
}

function writeChunks(file: number, chunks: Iterable<string | Uint8Array>): void {
  for (const chunk of chunks) writeAll(file, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
}

/** The file a path leads to; a link to nothing is taken for the file itself. */
function behindLinks(path: string): string {
  if (statOrNull(path) === null) return path;
  return lstatSync(path).isSymbolicLink() ? realpathSync.native(path) : path;
}

/** Removes what threads of this process, ended since, have left half written in a folder; nothing where it is not there. */
export function removeUnfinished(folder: string): void {
  if (statOrNull(folder)?.isDirectory() !== true) return;
  for (const name of readdirSync(folder)) if (name.endsWith(partialEnding)) rmSync(join(folder, name), { force: true });
}

/** Beside the file itself; a joined path would take `link/..` for the folder the link lies in. */
function partialName(path: string): string {
  return `${dirname(path)}/.${basename(path)}${partialEnding}`;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

async function writeCompressed(file: number, chunks: Iterable<string | Uint8Array>): Promise<void> {
  const gzip = createGzip();
  const written = (async () => {
    for await (const bytes of gzip) writeAll(file, bytes as Buffer);
  })();
  // The reader's failure is reported by the await below; until then it must not count as unhandled.
  written.catch(() => gzip.destroy());
  try {
    for (const chunk of chunks) {
      if (gzip.destroyed) break;
      if (!gzip.write(chunk)) await Promise.race([new Promise((resume) => gzip.once("drain", resume)), written]);
    }
    gzip.end();
  } catch (error) {
    gzip.destroy();
    throw error;
  }
  await written;
}
