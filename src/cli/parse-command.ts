import { CommanderError } from "commander";
import type { Command, Option } from "commander";
import { ConfigError } from "../config/config-error.ts";
import { nearestName } from "../config/nearest-name.ts";

/**
 * Parses a command line.
 * @returns null when help was asked for and printed
 * @throws ConfigError for an unknown flag, a missing or a superfluous argument
 */
export function parsed(command: Command, args: string[]): Command | null {
  command.allowExcessArguments(false).action(() => {});
  return parseOrHelp(command, args) ? command : null;
}

/**
 * Parses a command line as the command itself says.
 * @returns false when help was asked for and printed
 * @throws ConfigError for a command line it does not take
 */
export function parseOrHelp(command: Command, args: string[]): boolean {
  try {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .configureHelp({ optionDescription: described })
      .parse(args, { from: "user" });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return false;
    const unknown = error.code === "commander.unknownOption" ? unknownFlags(command, args) : [];
    const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    const messages = unknown.length > 0 ? unknown.map((flag) => withLikelyFlag(command, flag)) : [message];
    throw new ConfigError(messages.map((text) => ({ where: "", message: text })));
  }
}

/** An option's meaning in help, with its default as it would be typed: commander writes it as JSON. */
function described({ description, defaultValue }: Option): string {
  return typeof defaultValue === "string" ? `${description} (default: ${defaultValue})` : description;
}

/** Every option the command does not have; commander tells the first only. */
function unknownFlags(command: Command, args: readonly string[]): string[] {
  const unknown: string[] = [];
  for (let place = 0; place < args.length && args[place] !== "--"; place++) {
    const arg = args[place]!;
    if (!/^-[^\d]/.test(arg)) continue;
    const [flag] = arg.split("=", 1) as [string];
    const option = command.options.find(({ long, short }) => long === flag || (short != null && arg.startsWith(short)));
    if (option === undefined) {
      if (flag !== "--help" && flag !== "-h") unknown.push(flag);
    } else if ((option.required || option.optional) && arg === flag) place++;
  }
  return [...new Set(unknown)];
}

/** Says which option was meant, where commander does not: beginnings of names, `--flag=value`. */
function withLikelyFlag(command: Command, flag: string): string {
  const known = command.options.flatMap(({ long }) => long ?? []);
  const begun = /^--./.test(flag) ? known.filter((name) => name.startsWith(flag)) : [];
  if (begun.length > 1) {
    const all = `${begun.slice(0, -1).join(", ")} and ${begun.at(-1)}`;
    return `option '${flag}' is the beginning of ${all}; expected one of them`;
  }
  const nearest = begun[0] ?? nearestName(flag, known);
  if (nearest === null) return `unknown option '${flag}' (--help lists all)`;
  return `unknown option '${flag}' (Did you mean ${nearest}?)`;
}
