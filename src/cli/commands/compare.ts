import { basename } from "node:path";
import { Command } from "commander";
import { ConfigError } from "../../config/config-error.ts";
import { writeFileAtomically } from "../../report/atomic-file.ts";
import { compareTable, comparison } from "../../report/compare-table.ts";
import { readResult } from "../../report/read-result.ts";
import { exitCodes } from "../failure.ts";
import { OptionReader } from "../option-reader.ts";
import { checkOutputs } from "../output-paths.ts";
import { parsed } from "../parse-command.ts";

/** `windtunnel compare A.json B.json …`: prints what differs, and draws the runs over each other. */
export async function run(args: string[]): Promise<number> {
  const command = new Command("windtunnel compare")
    .description("Compare results that windtunnel replay wrote; differences are against the first.")
    .argument("<results...>", "result JSON files (.gz too), two or more")
    .option("--json", "print the comparison as JSON")
    .option("--html <PATH>", "also write a page with the runs laid over each other");
  const given = parsed(command, args);
  if (given === null) return exitCodes.done;
  const paths = given.args;
  if (paths.length < 2) {
    throw new ConfigError([{ where: "", message: `compare needs two results or more; found ${paths.length}` }]);
  }
  const { html, json = false } = given.opts<{ html?: string; json?: true }>();
  const outputs = html === undefined ? [] : [{ role: "--html", path: html }];
  checkOutputs(
    outputs,
    paths.map((path) => ({ role: "a result to compare", path })),
  );
  const labels = distinctLabels(paths);
  const reader = new OptionReader();
  const results = paths.map((path) => reader.read(() => readResult(path)));
  reader.throwIfAny();
  const runs = results.map((result, place) => ({ label: labels[place]!, result }));
  process.stdout.write(json ? `${JSON.stringify(comparison(runs), null, 2)}\n` : compareTable(runs));
  if (html !== undefined) {
    const { renderComparePage } = await import("../../report/html-report.ts");
    await writeFileAtomically(html, [renderComparePage(runs)]);
    if (!json) process.stdout.write(`HTML report: ${html}\n`);
  }
  return exitCodes.done;
}

/** File names without their ending where they tell the runs apart, else with as much of the path as is needed. */
function distinctLabels(paths: readonly string[]): string[] {
  const short = paths.map((path) => basename(path).replace(/(\.json)?(\.gz)?$/i, ""));
  return paths.map((path, place) => {
    const same = short.filter((other) => other === short[place]).length;
    if (same === 1) return short[place]!;
    const repeated = paths.filter((other) => other === path).length > 1;
    return repeated ? `${path} (${place + 1})` : path;
  });
}
