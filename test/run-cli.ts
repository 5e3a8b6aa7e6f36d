import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The command line as it was built last. */
export const builtProgram = join(import.meta.dirname, "../dist/cli/main.js");

/** What a finished process left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of the test's own to run in. */
export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), "windtunnel-test-"));
}

/**
 * Runs the built program as a process of its own.
 * @param options.interruptAfterMs sends SIGINT that long after the start
 * @param options.program another copy of it
 */
export function runCli(
  args: readonly string[],
  {
    cwd,
    stdin = "",
    interruptAfterMs,
    program = builtProgram,
  }: { cwd: string; stdin?: string; interruptAfterMs?: number; program?: string },
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio: "pipe" });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    const timer = interruptAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGINT"), interruptAfterMs);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}
