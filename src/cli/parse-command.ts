import { CommanderError } from "commander";
import type { Command } from "commander";
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
      .parse(args, { from: "user" });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return false;
    const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    throw new ConfigError([{ where: "", message: withLikelyFlag(command, message) }]);
  }
}

/** Says which option was meant, where commander does not: beginnings of names (the reference takes them), `--flag=value`. */
function withLikelyFlag(command: Command, message: string): string {
  const flag = /^unknown option '(-[^'=]*)/.exec(message)?.[1];
  if (flag === undefined) return message;
  const known = command.options.flatMap(({ long }) => long ?? []);
  const begun = flag.length > 3 ? known.filter((name) => name.startsWith(flag)) : [];
  const nearest = nearestName(flag, known);
  const likely = begun.length > 0 ? begun : nearest === null ? [] : [nearest];
  if (likely.length === 0) return `unknown option '${flag}' (--help lists all)`;
  return `unknown option '${flag}' (Did you mean ${likely.join(" or ")}?)`;
}
