import { readFileSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { shown } from "./config-error.ts";
import type { ProblemList } from "./config-error.ts";
import { isTextTooDeep, isTooDeep, keyThatStandsTwice } from "./document-shape.ts";

/**
 * The value behind a flag that takes JSON: inline JSON or YAML (`{…}`, `[…]`, or text with a `key: value` line), a path
 * to such a file, or `@path`. Mistakes go to `problems`.
 * @returns the parsed value, or undefined after a mistake
 */
export async function loadDocument(given: string, where: string, problems: ProblemList): Promise<unknown> {
  const text = given.trim();
  if (text === "" || text === "@") {
    problems.add(where, "found nothing, expected JSON, YAML or a path");
    return undefined;
  }
  if (text.startsWith("@")) return readDocument(text.slice(1), where, problems);
  if (looksInline(text)) return parseText(text, where, problems);
  return readDocument(text, where, problems);
}

/** Inline documents begin with a bracket or hold a mapping; a path that exists is a path. */
function looksInline(text: string): boolean {
  if (/^[[{]/.test(text)) return true;
  return /(^|\n)\s*[\w"'.-]+\s*:(\s|$)/.test(text) && statOrNull(text)?.isFile() !== true;
}

async function readDocument(path: string, where: string, problems: ProblemList): Promise<unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    problems.add(where, `cannot read ${path}: ${fileErrorText(error)}; expected inline JSON or YAML, or a path to it`);
    return undefined;
  }
  return parseText(text, `${where} (${path})`, problems);
}

const tooDeep = Symbol("too deep");

async function parseText(text: string, where: string, problems: ProblemList): Promise<unknown> {
  const value = isTextTooDeep(text) ? tooDeep : await parsed(text, where, problems);
  if (value !== tooDeep && !isTooDeep(value)) return value;
  problems.add(where, "is nested too deeply for a configuration");
  return undefined;
}

async function parsed(text: string, where: string, problems: ProblemList): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(text);
    const twice = keyThatStandsTwice(text);
    if (twice === null) return value;
    problems.add(where, `the key ${shown(twice)} stands twice`);
    return undefined;
  } catch {
    // Not JSON; YAML's messages name line and column, so it tells the mistake for both.
  }
  const { parseYaml } = await import("./parse-yaml.ts");
  try {
    return parseYaml(text);
  } catch (error) {
    problems.add(where, `neither JSON nor YAML: ${(error as Error).message}`);
    return undefined;
  }
}

/** What a path leads to; null where nothing can be found there. */
export function statOrNull(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** Why a file could not be read or written, in words. */
export function fileErrorText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: "no such file or directory",
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    EISDIR: "it is a directory",
    ENOTDIR: "a part of the path is not a directory",
    ENOSPC: "no space left on the device",
    EROFS: "the file system is read-only",
    EDQUOT: "disk quota exceeded",
    EMFILE: "too many open files",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "its symbolic links lead in a circle",
  };
  return known[code ?? ""] ?? message;
}
