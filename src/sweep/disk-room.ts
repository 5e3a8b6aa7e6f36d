import { statfsSync } from "node:fs";
import { OutputError } from "../report/atomic-file.ts";

/** Less than any row takes, so that no sweep is refused that could have been finished. */
const leastRowBytes = 500;

/**
 * Fails before anything runs where a disk cannot hold the rows of a sweep.
 * @param folder exists
 * @throws OutputError
 */
export function checkRoom(folder: string, runs: number): void {
  const free = freeBytes(folder);
  if (free === null || free >= runs * leastRowBytes) return;
  const room = free < 10_000 ? `${free} bytes` : `${Math.floor(free / 1000)} kB`;
  throw new OutputError(folder, new Error(`${room} are free, too little for the rows of ${runs} runs`));
}

/** null where the file system does not tell. */
function freeBytes(folder: string): number | null {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return blocks === 0 ? null : bavail * bsize;
  } catch {
    return null;
  }
}
