import { Command, Option } from "commander";
import { ConfigError, ProblemList } from "../../config/config-error.ts";
import { loadDocument } from "../../config/document.ts";
import { validateEngineArgs } from "../../config/engine-args.ts";
import type { ValidatedEngineArgs } from "../../config/validated-engine-args.ts";
import { parseOrHelp } from "../parse-command.ts";

/** Flags that stand for a single engine argument. */
const shortcuts: readonly (readonly [flag: string, key: string, isNumber: boolean, help: string])[] = [
  ["--backend <NAME>", "aic_backend", false, "vllm, trtllm or sglang"],
  ["--backend-version <VERSION>", "aic_backend_version", false, "version of the tables"],
  ["--system <GPU>", "aic_system", false, "GPU: h200_sxm, b200, …"],
  ["--model <ID|DIR>", "aic_model_path", false, "Hugging Face id, or a folder with config.json"],
  ["--tp <N>", "aic_tp_size", true, "tensor-parallel size"],
  ["--attention-dp <N>", "aic_attention_dp_size", true, "attention data-parallel size"],
  ["--moe-tp <N>", "aic_moe_tp_size", true, "tensor-parallel size of the experts"],
  ["--moe-ep <N>", "aic_moe_ep_size", true, "expert-parallel size"],
  ["--nextn <N>", "aic_nextn", true, "draft tokens of a speculative step"],
];

/** A `windtunnel perf` command without flags. */
export function plainCommand(name: string, description: string): Command {
  return new Command(`windtunnel perf ${name}`)
    .description(description)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

/** A command with the flags that describe an engine. */
export function engineCommand(name: string, description: string): Command {
  const command = plainCommand(name, description)
    .option("--extra-engine-args <JSON|PATH>", "engine arguments, as replay takes them")
    .option("--perf-data <DIR>", "AIConfigurator's tables instead of the roofline")
    .option("--perf-extrapolation <0.11|0.12>", "rule past the tables' grid");
  for (const [flag, key, , help] of shortcuts) command.addOption(shortcut(flag, key, help));
  return command;
}

function shortcut(flag: string, key: string, help: string): Option {
  const option = new Option(flag, help).helpGroup("Engine:");
  option.attributeName = () => key;
  return option;
}

/**
 * Parses a command line.
 * @returns the positional arguments and options, or null when help was shown
 * @throws ConfigError
 */
export function parseCommand(
  command: Command,
  args: string[],
): { positional: string[]; options: Record<string, unknown> } | null {
  if (!parseOrHelp(command, args)) return null;
  return { positional: command.args, options: command.opts() };
}

/** The engine arguments a command line describes; shortcuts win over the document. @throws ConfigError */
export async function engineArgsOf(options: Readonly<Record<string, unknown>>): Promise<ValidatedEngineArgs> {
  const problems = new ProblemList();
  const flag = "--extra-engine-args";
  const given = options["extraEngineArgs"];
  const document = given === undefined ? {} : await loadDocument(String(given), flag, problems);
  problems.throwIfAny();
  const merged: Record<string, unknown> = { ...(document as object) };
  for (const [, key, isNumber] of shortcuts) {
    const value = options[key];
    if (value !== undefined) merged[key] = isNumber ? Number(value) : value;
  }
  const extrapolation = options["perfExtrapolation"];
  if (extrapolation !== undefined) merged["perf_extrapolation"] = extrapolation;
  const perfData = options["perfData"];
  const args = validateEngineArgs(
    merged,
    flag,
    "aggregated",
    problems,
    perfData === undefined ? null : String(perfData),
  );
  problems.throwIfAny();
  return args!;
}

/** Does work with engine arguments; mistakes in those that a short flag gave are told of that flag. @throws ConfigError */
export async function underShortcuts<T>(
  options: Readonly<Record<string, unknown>>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const flags = new Map(
      shortcuts
        .filter(([, key]) => options[key] !== undefined)
        .map(([flag, key]) => [`--extra-engine-args ${key}`, flag.split(" ")[0]!]),
    );
    if (options["perfExtrapolation"] !== undefined) {
      flags.set("--extra-engine-args perf_extrapolation", "--perf-extrapolation");
    }
    throw new ConfigError(error.problems.map(({ where, message }) => ({ where: flags.get(where) ?? where, message })));
  }
}

/** A comma-separated list of whole numbers. @throws ConfigError with every part that is none */
export function wholeNumbers(flag: string, given: unknown, least: number): number[] {
  const parts = String(given).split(",");
  const isWhole = (part: string) => part.trim() !== "" && Number.isSafeInteger(Number(part)) && Number(part) >= least;
  const wrong = parts.filter((part) => !isWhole(part));
  if (wrong.length === 0) return parts.map(Number);
  const allowed = `expected whole numbers of at least ${least}, separated by commas`;
  throw new ConfigError(wrong.map((part) => ({ where: flag, message: `found "${part}", ${allowed}` })));
}

/** The rule past the tables' grid that `--perf-extrapolation` names; the older one without it. @throws ConfigError */
export function extrapolationOf(given: unknown): "0.11" | "0.12" {
  if (given === undefined || given === "0.11") return "0.11";
  if (given === "0.12") return given;
  const message = `found "${String(given)}", expected "0.11" or "0.12"`;
  throw new ConfigError([{ where: "--perf-extrapolation", message }]);
}

/** Lines of cells as a table, all but the first column aligned to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ");
  return `${rows.map((row) => line(row).trimEnd()).join("\n")}\n`;
}
