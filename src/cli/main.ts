#!/usr/bin/env node
import { commands } from "./command-table.ts";
import { exitCodes, reportFailure } from "./failure.ts";
import { fileErrorText } from "../config/document.ts";
import { windtunnelVersion } from "../version.ts";

/** Exit code of Node where the main module still waits. */
const neverSettled = 13;

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader went away (`| head`): nothing more to say.
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  process.stderr.write(`windtunnel: cannot write to standard output: ${fileErrorText(error)}\n`);
  process.exit(exitCodes.failed);
});
// Whoever read the messages went away; the work goes on.
process.stderr.on("error", () => {});

// Nothing is left to do, and what is awaited will not come: only code of the user's can do that.
process.on("exit", () => {
  if (process.exitCode !== neverSettled) return;
  process.stderr.write("windtunnel: ended without a result: a policy module waits for something that never happens\n");
  process.exitCode = exitCodes.failed;
});

const [name, ...args] = process.argv.slice(2);
try {
  process.exitCode = await run(name, args);
  // A trace that was still being read would keep the process.
  if (process.exitCode === exitCodes.interrupted) process.stdout.write("", () => process.exit());
} catch (error) {
  process.exitCode = reportFailure(error);
}

async function run(name: string | undefined, args: string[]): Promise<number> {
  if (name === "--version" || name === "-V") {
    process.stdout.write(`${windtunnelVersion}\n`);
    return exitCodes.done;
  }
  if (name === "help" && args[0] !== undefined) return run(args[0], ["--help"]);
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(overview());
    return exitCodes.done;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return (await command.load()).run(args);
  if (name === undefined) {
    process.stderr.write(overview());
    return exitCodes.badInput;
  }
  const { suggestion } = await import("../config/nearest-name.ts");
  const known = commands.map((candidate) => candidate.name);
  process.stderr.write(`windtunnel: unknown command "${name}"${suggestion(name, known)}; known: ${known.join(", ")}\n`);
  return exitCodes.badInput;
}

function overview(): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}\n`);
  return (
    "windtunnel: replays recorded LLM request traces through simulated inference engines\n\n" +
    `Usage: windtunnel COMMAND [options]\n\nCommands:\n${lines.join("")}\n` +
    "windtunnel COMMAND --help (or help COMMAND) shows the options of a command, --version the version.\n\n" +
    "To begin with: windtunnel replay preset:toolagent --num-workers 4\n"
  );
}
