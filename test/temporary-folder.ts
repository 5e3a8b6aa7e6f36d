import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Gives a run of the tests a temporary folder of its own, in which all tests, and the programs and browsers they start,
 * make theirs; it is removed with everything in it when the run ends.
 */
export default function temporaryFolderOfRun(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "windtunnel-tests-"));
  // What os.tmpdir() looks at, here and on Windows; workers and child processes inherit it.
  for (const name of ["TMPDIR", "TEMP", "TMP"]) process.env[name] = folder;
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", remove);
  return remove;
}
