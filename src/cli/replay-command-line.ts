import { Command, Option } from "commander";
import type { ReplayOption } from "../config/replay-option.ts";
import { replayOptions } from "../config/replay-option-table.ts";
import { optionKey, type ReplayOptions } from "../config/replay-options.ts";
import { presetUsage } from "../trace/presets/preset-names.ts";
import { withWholeNames } from "./option-beginnings.ts";
import { parseOrHelp } from "./parse-command.ts";

const examples = `
Examples:
  windtunnel replay trace.jsonl --num-workers 4 --sla-ttft-ms 500 --sla-itl-ms 50
  windtunnel replay requests.csv --planner-config planner.yaml --extra-engine-args engine.json
  windtunnel replay preset:conversation --policy slo --planner-config '{ttft_ms: 1500, itl_ms: 50}'
  zcat trace.jsonl.gz | windtunnel replay - --json | jq .p99_ttft_ms
`;

/**
 * The options on a replay's command line, still unchecked (numbers are parsed, nothing else).
 * @returns null when help was asked for and printed
 * @throws ConfigError for an unknown flag or a missing value
 */
export function parseReplayCommandLine(args: string[]): ReplayOptions | null {
  const command = new Command("windtunnel replay")
    .description("Replay a recorded trace through simulated inference engines on a virtual clock.")
    .addHelpText("after", examples);
  return parseWithReplayOptions(command, args)?.replay ?? null;
}

/**
 * Parses a command that takes a replay's traces and options beside its own.
 * @param unlisted flags of a replay that the command refuses, or has under its own meaning: help leaves them out
 * @returns what was given, and the arguments with the names of options written out; null when help was asked for and printed
 * @throws ConfigError for an unknown flag or a missing value
 */
export function parseWithReplayOptions(
  command: Command,
  args: string[],
  unlisted: readonly string[] = [],
): {
  readonly replay: ReplayOptions;
  readonly own: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
} | null {
  command.argument("[trace...]", `trace file (.gz too), ${presetUsage}, or - for standard input`);
  for (const option of replayOptions) {
    command.addOption(commanderOption(option).hideHelp(unlisted.includes(option.flag)));
  }
  const written = withWholeNames(command, args);
  if (!parseOrHelp(command, written)) return null;
  const own: Record<string, unknown> = { ...command.opts() };
  const options: Record<string, unknown> = {};
  for (const option of replayOptions) {
    const key = optionKey(option.flag);
    if (own[key] !== undefined) options[key] = typed(option, own[key]);
    delete own[key];
  }
  const traces = command.args;
  if (traces.length > 0) options["trace"] = traces.length === 1 ? traces[0] : traces;
  return { replay: options as ReplayOptions, own, args: written };
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
  const word = /^\s*([+-]?)(nan|inf|infinity)\s*$/i.exec(given);
  if (word !== null) return word[2]!.toLowerCase() === "nan" ? Number.NaN : Number(`${word[1]}Infinity`);
  const number = Number(given);
  return given.trim() === "" || Number.isNaN(number) ? given : number;
}
