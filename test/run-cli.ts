import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
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

/** Two requests that share their first block, one of them long. */
export const smallTrace = [
  '{"timestamp": 0, "input_length": 1000, "output_length": 3, "hash_ids": [1, 2]}',
  '{"timestamp": 40, "input_length": 700, "output_length": 5, "hash_ids": [1, 3]}',
].join("\n");

/** A folder of the test's own with files in it. */
export function folderWith(files: Record<string, string | Buffer> = { "trace.jsonl": smallTrace }): string {
  const cwd = scratchFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  return cwd;
}

/**
 * Runs the built program as a process of its own.
 * @param options.interruptAt sends `options.signal` (SIGINT) when this appears on standard error
 * @param options.program another copy of it
 * @param options.env variables beside those of the tests
 */
export function runCli(
  args: readonly string[],
  {
    cwd,
    stdin = "",
    interruptAt,
    signal = "SIGINT",
    program = builtProgram,
    env = {},
  }: {
    cwd: string;
    stdin?: string;
    interruptAt?: string;
    signal?: NodeJS.Signals;
    program?: string;
    env?: Readonly<Record<string, string>>;
  },
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio: "pipe", env: { ...process.env, ...env } });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    let interrupted = false;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (interrupted || interruptAt === undefined || !stderr.includes(interruptAt)) return;
      interrupted = child.kill(signal);
    });
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
