import { Command, CommanderError, Option } from "commander";
import { ConfigError } from "../config/config-error.ts";
import { optionKey, replayOptions } from "../config/replay-options.ts";
import type { ReplayOption, ReplayOptions } from "../config/replay-options.ts";

/**
 * The options on a replay's command line, still unchecked (numbers are parsed, nothing else).
 * @returns null when help was asked for and printed
 * @throws ConfigError for an unknown flag or a missing value
 */
export function parseReplayCommandLine(args: string[]): ReplayOptions | null {
  const options: Record<string, unknown> = {};
  const command = replayCommand((traces, given) => {
    for (const option of replayOptions) {
      const key = optionKey(option.flag);
      if (given[key] !== undefined) options[key] = typed(option, given[key]);
    }
    if (traces.length > 0) options["trace"] = traces.length === 1 ? traces[0] : traces;
  });
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return null;
    const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    throw new ConfigError([{ where: "", message }]);
  }
  return options as ReplayOptions;
}

/** The replay command as commander sees it; made from the option table. */
function replayCommand(action: (traces: string[], given: Record<string, unknown>) => void): Command {
  const command = new Command("windtunnel replay")
    .description("Replay a recorded trace through simulated inference engines on a virtual clock.")
    .argument("[trace...]", "trace file (.gz too), preset:NAME, or - for standard input")
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .action(action);
  for (const option of replayOptions) command.addOption(commanderOption(option));
  return command;
}

function commanderOption({ flag, kind, value, description, group, ...option }: ReplayOption): Option {
  const made = new Option(
    kind === "switch" ? `--${flag}` : `--${flag} <${value}>`,
    describe(description, option.default),
  );
  // Keys must equal those of ReplayOptions; commander's own rule differs for flags like --sla-e2e-ms.
  made.attributeName = () => optionKey(flag);
  return made.helpGroup(`${group}:`);
}

function describe(description: string, standard: ReplayOption["default"]): string {
  return standard === undefined ? description : `${description} (default: ${standard})`;
}

/** Numbers become numbers; text that is none stays text, so that the error can show it. */
function typed(option: ReplayOption, given: unknown): unknown {
  if (option.kind !== "number" || typeof given !== "string") return given;
  const number = /^\s*[+-]?(nan|inf|infinity)\s*$/i.test(given) ? Number.NaN : Number(given);
  return given.trim() === "" || (Number.isNaN(number) && !/nan|inf/i.test(given)) ? given : number;
}
