import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../report/atomic-file.ts";

const pathOf = (folder: string) => join(folder, "sweep.json");

/** Keeps the name of the trace of all runs beside their rows, which do not hold it. @throws OutputError */
export async function keepTraceName(folder: string, trace: string | null): Promise<void> {
  await writeFileAtomically(pathOf(folder), [`${JSON.stringify({ trace })}\n`]);
}

/** Name of the trace that sweeps in several folders share; null when it is not known, or not one. */
export function sharedTraceName(folders: readonly string[]): string | null {
  const names = new Set(folders.flatMap((folder) => nameIn(folder)));
  const [only] = names;
  return names.size === 1 ? (only ?? null) : null;
}

/** Empty where nothing was kept. */
function nameIn(folder: string): (string | null)[] {
  try {
    const { trace } = JSON.parse(readFileSync(pathOf(folder), "utf8")) as { trace?: unknown };
    return [typeof trace === "string" ? trace : null];
  } catch {
    return [];
  }
}
