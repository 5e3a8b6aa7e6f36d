import type { Command, Option } from "commander";

/**
 * Writes out options that are given by their beginning (`--arrival-speedup 2`), by the rule of Python's argparse, which
 * the reference's command line follows: a whole name first, else the only name that begins so. What is no beginning, or
 * that of several names, is left for the parser to refuse.
 */
export function withWholeNames(command: Command, args: readonly string[]): string[] {
  const names = [...command.options.flatMap(({ long }) => long ?? []), "--help"];
  const written: string[] = [];
  let isValue = false;
  for (const [place, arg] of args.entries()) {
    if (arg === "--" && !isValue) return [...written, ...args.slice(place)];
    const whole: string = isValue ? arg : wholeName(arg, names);
    written.push(whole);
    const option: Option | undefined = isValue
      ? undefined
      : command.options.find(({ long, short }) => long === whole || short === whole);
    isValue = option?.required === true;
  }
  return written;
}

function wholeName(arg: string, names: readonly string[]): string {
  if (!arg.startsWith("--")) return arg;
  const end = arg.indexOf("=");
  const given = end < 0 ? arg : arg.slice(0, end);
  if (names.includes(given) || given === "--") return arg;
  const begun = names.filter((name) => name.startsWith(given));
  return begun.length === 1 ? begun[0]! + arg.slice(given.length) : arg;
}
