import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createGzip } from "node:zlib";
import { fileErrorText, statOrNull } from "../config/document.ts";

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
 * written to directly. A path that ends in .gz is compressed.
 * @param chunks text or bytes, in order
 * @throws OutputError
 */
export async function writeFileAtomically(path: string, chunks: Iterable<string | Uint8Array>): Promise<void> {
  const direct = isSpecialFile(path);
  const target = direct ? path : join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  let file: number | null = null;
  try {
    refuseFolder(path);
    if (!direct) makeFolder(dirname(path));
    file = openSync(target, direct ? "w" : "wx");
    if (path.endsWith(".gz")) await writeCompressed(file, chunks);
    else for (const chunk of chunks) writeAll(file, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    closeSync(file);
    file = null;
    if (!direct) renameSync(target, path);
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
  if (isSpecialFile(path)) return;
  const probe = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  try {
    refuseFolder(path);
    makeFolder(dirname(path));
    closeSync(openSync(probe, "wx"));
    rmSync(probe);
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
