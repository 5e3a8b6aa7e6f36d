import { CommanderError } from "commander";
import type { Command } from "commander";
import { ConfigError } from "../config/config-error.ts";

/**
 * Parses a command line.
 * @returns null when help was asked for and printed
 * @throws ConfigError for an unknown flag, a missing or a superfluous argument
 */
export function parsed(command: Command, args: string[]): Command | null {
  try {
    return command
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .allowExcessArguments(false)
      .action(() => {})
      .parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return null;
    const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    throw new ConfigError([{ where: "", message }]);
  }
}
