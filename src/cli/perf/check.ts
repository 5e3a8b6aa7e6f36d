import { ConfigError } from "../../config/config-error.ts";
import { suggestion } from "../../config/nearest-name.ts";
import { checkFile, summarize } from "../../perf/check/check-file.ts";
import type { CheckedFile, ComparedRow, ErrorSummary, StepModelFactory } from "../../perf/check/check-file.ts";
import { readTruthTable } from "../../perf/check/truth-table.ts";
import { RooflinePricer } from "../../perf/roofline/roofline-pricer.ts";
import { StepModel } from "../../perf/step-model.ts";
import { TableError } from "../../perf/tables/table-error.ts";
import type { TableFolder } from "../../perf/tables/table-folder.ts";
import { exitCodes } from "../failure.ts";
import { OptionReader } from "../option-reader.ts";
import { checkDeployments, holdsDeployments } from "./check-deployments.ts";
import type { CheckedRun } from "./check-run.ts";
import { checkRun, holdsRun } from "./check-run.ts";
import {
  engineArgsOf,
  engineCommand,
  extrapolationOf,
  parseCommand,
  textTable,
  underShortcuts,
} from "./perf-command-line.ts";
import { workersOf } from "./simulate-run.ts";

const groupings = ["model", "system", "backend"] as const;
type Grouping = (typeof groupings)[number];

/** `windtunnel perf check FILE`: how far the roofline or the tables are from a file of reference times. */
export async function run(args: string[]): Promise<number> {
  const command = engineCommand("check", "Compare pass times or key-value capacities with a truth file (CSV, .gz too).")
    .argument(
      "<file>",
      "rows with latency_ms, total_ms or kv_tokens, measured deployments (silicon_tpot_ms), or a measured run (first_token_ms)",
    )
    .option("--by <model,system,backend>", "errors of each group too")
    .option("--every <N>", "of measured deployments simulate every N-th only", "1")
    .option("--overheads <none|measured>", "of measured deployments: what servers add to pass times", "measured")
    .option("--workers <N>", "workers behind a measured run", "1")
    .option("--worst <N>", "rows to show that are farthest off", "5")
    .option("--json", "print JSON");
  const parsed = parseCommand(command, args);
  if (parsed === null) return exitCodes.done;
  const { positional, options } = parsed;
  const folder = options["perfData"];
  const reader = new OptionReader();
  const by = reader.read(() => groupingsOf(options["by"]));
  const every = reader.count("--every", String(options["every"])) ?? 1;
  const overheads = reader.read(() => overheadsOf(options["overheads"]));
  const workers = reader.read(() => workersOf(options["workers"]));
  const extrapolation = reader.read(() => extrapolationOf(options["perfExtrapolation"]));
  const worst = reader.number("--worst", String(options["worst"]), "a whole number of at least 0", isCount) ?? 0;
  await reader.readLater(async () => {
    if (folder === undefined) return;
    const { systemsFolderOf } = await import("../../perf/tables/table-folder.ts");
    if (systemsFolderOf(String(folder)) !== null) return;
    const message = `${String(folder)} holds no tables of aiconfigurator (a folder data/ of GPUs)`;
    throw new ConfigError([{ where: "--perf-data", message }]);
  });
  reader.throwIfAny();
  const table = await readTruthTable(positional[0]!);
  const factory = folder === undefined ? roofline : tables(String(folder), extrapolation);
  if (folder !== undefined && holdsDeployments(table)) {
    throw new ConfigError([
      { where: "--perf-data", message: "measured deployments are simulated with the roofline only" },
    ]);
  }
  let checked: CheckedFile | CheckedRun;
  if (holdsDeployments(table)) checked = await checkDeployments(table, every, overheads);
  else if (holdsRun(table))
    checked = await underShortcuts(options, async () => checkRun(table, await engineArgsOf(options), workers));
  else checked = await checkFile(table, factory);
  process.stdout.write(
    options["json"] === true ? `${JSON.stringify(asJson(checked, by), null, 2)}\n` : asText(checked, by, worst),
  );
  return exitCodes.done;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function overheadsOf(given: unknown): "none" | "measured" {
  if (given === "none" || given === "measured") return given;
  throw new ConfigError([{ where: "--overheads", message: `found "${String(given)}", expected "none" or "measured"` }]);
}

const roofline: StepModelFactory = async (deployment) => new StepModel(deployment, new RooflinePricer(deployment));

/** Prices each deployment from the tables; what they do not cover is left out. */
function tables(path: string, extrapolation: "0.11" | "0.12"): StepModelFactory {
  const folders = new Map<string, Promise<TableFolder>>();
  return async (deployment, version) => {
    const [{ openTableFolder }, { readTablePricer }] = await Promise.all([
      import("../../perf/tables/table-folder.ts"),
      import("../../perf/tables/table-pricer.ts"),
    ]);
    const key = `${deployment.gpu.name} ${deployment.backend} ${version}`;
    let folder = folders.get(key);
    if (folder === undefined) {
      folder = openTableFolder(path, deployment.gpu, deployment.backend, version === "" ? null : version);
      folders.set(key, folder);
    }
    try {
      const opened = await folder;
      const pricer = await readTablePricer(opened, deployment, extrapolation);
      return new StepModel({ ...deployment, gpu: opened.gpu }, pricer);
    } catch (error) {
      if (error instanceof TableError) return null;
      throw error;
    }
  };
}

function groupingsOf(given: unknown): Grouping[] {
  if (given === undefined) return [];
  return String(given)
    .split(",")
    .map((part) => {
      const found = groupings.find((grouping) => grouping === part.trim());
      if (found === undefined) {
        throw new ConfigError([
          { where: "--by", message: `found "${part}"${suggestion(part, groupings)}, expected ${groupings.join(", ")}` },
        ]);
      }
      return found;
    });
}

/** Rows by phase, then by group. */
function grouped(rows: readonly ComparedRow[], keyOf: (row: ComparedRow) => string): Map<string, ComparedRow[]> {
  const groups = new Map<string, ComparedRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function groupName(row: ComparedRow, by: readonly Grouping[]): string {
  return by.map((grouping) => row[grouping]).join(" ");
}

function asJson(checked: CheckedFile | CheckedRun, by: readonly Grouping[]): object {
  const { rows, skipped } = checked;
  const phases = [...grouped(rows, ({ phase }) => phase)].map(([phase, group]) => {
    const summary: ErrorSummary & { groups?: Record<string, ErrorSummary> } = summarize(group);
    const groups = [...grouped(group, (row) => groupName(row, by))].map(
      ([name, part]) => [name, summarize(part)] as const,
    );
    return [phase, by.length === 0 ? summary : { ...summary, groups: Object.fromEntries(groups) }] as const;
  });
  return {
    ...Object.fromEntries(phases),
    ...("means" in checked ? { means: checked.means } : {}),
    skipped: Object.fromEntries(skipped),
  };
}

function asText(checked: CheckedFile | CheckedRun, by: readonly Grouping[], worst: number): string {
  const { rows, skipped } = checked;
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  const lines = [["errors", "rows", "median", "p90", "p99", "bias"]];
  for (const [phase, group] of grouped(rows, ({ phase }) => phase)) {
    const add = (name: string, part: readonly ComparedRow[]) => {
      const { n, median, p90, p99, bias } = summarize(part);
      lines.push([name, String(n), percent(median), percent(p90), percent(p99), percent(bias)]);
    };
    add(phase, group);
    if (by.length > 0)
      for (const [name, part] of [...grouped(group, (row) => groupName(row, by))].toSorted()) add(`  ${name}`, part);
  }
  let text = textTable(lines);
  if ("means" in checked) {
    const { ttft, tpot, latency } = checked.means;
    text += `errors of the means: time to first token ${percent(ttft)}, per output token ${percent(tpot)}, latency ${percent(latency)}\n`;
  }
  for (const [reason, count] of skipped) text += `left out ${count} rows: ${reason}\n`;
  if (worst > 0 && rows.length > 0) {
    const farthest = rows.toSorted((a, b) => b.error - a.error).slice(0, worst);
    text += `\n${textTable([
      ["farthest off", "truth", "model", "error"],
      ...farthest.map((row) => [row.what, row.truth.toFixed(3), row.answer.toFixed(3), percent(row.error)]),
    ])}`;
  }
  return text;
}
