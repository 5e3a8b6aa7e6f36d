import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../../report/atomic-file.ts";

const nameOf = (out: string) => join(out, "queue.json");

/**
 * What the runs of a result folder are known by in the queue, so that several sweeps on one Redis do not mix and one that
 * was interrupted finds its runs again. Lies in the folder until the sweep is complete.
 */
export async function sweepIdentity(out: string): Promise<{ readonly sweep: string; readonly resumed: boolean }> {
  try {
    const { sweep } = JSON.parse(readFileSync(nameOf(out), "utf8")) as { sweep?: unknown };
    if (typeof sweep === "string" && /^[0-9a-f]{16}$/.test(sweep)) return { sweep, resumed: true };
  } catch {
    // There is none yet.
  }
  const sweep = randomBytes(8).toString("hex");
  await writeFileAtomically(nameOf(out), [`${JSON.stringify({ sweep })}\n`]);
  return { sweep, resumed: false };
}

/** Nothing of the sweep is in the queue any more. */
export function forgetSweepIdentity(out: string): void {
  rmSync(nameOf(out), { force: true });
}
