import { ConfigError } from "../../config/config-error.ts";
import { suggestion } from "../../config/nearest-name.ts";
import type { CommandModule } from "../command-module.ts";
import { exitCodes } from "../failure.ts";

const subcommands: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<CommandModule> }>> =
  {
    estimate: {
      summary: "price passes and the key-value cache of an engine",
      load: () => import("../perf/estimate.ts"),
    },
    check: { summary: "compare pass times with a truth file", load: () => import("../perf/check.ts") },
    calibrate: { summary: "fit the model to measured passes or runs", load: () => import("../perf/calibrate.ts") },
    "fit-overheads": {
      summary: "fit what servers add to pass times to published deployments",
      load: () => import("../perf/fit-overheads.ts"),
    },
  };

/** `windtunnel perf estimate|check|calibrate|fit-overheads`. */
export async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  const names = Object.keys(subcommands);
  if (name === "--help" || name === "-h") {
    const lines = names.map((known) => `  ${known.padEnd(15)}${subcommands[known]!.summary}\n`);
    process.stdout.write(
      `Usage: windtunnel perf COMMAND [options]\n\nCommands:\n${lines.join("")}\nwindtunnel perf COMMAND --help shows the options of a command.\n`,
    );
    return exitCodes.done;
  }
  if (name === undefined) {
    throw new ConfigError([{ where: "", message: `perf takes a command: ${names.join(", ")}` }]);
  }
  if (!Object.hasOwn(subcommands, name)) {
    throw new ConfigError([
      { where: "", message: `unknown command "perf ${name}"${suggestion(name, names)}; known: ${names.join(", ")}` },
    ]);
  }
  return (await subcommands[name]!.load()).run(rest);
}
