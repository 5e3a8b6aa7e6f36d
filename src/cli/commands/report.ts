import { Command } from "commander";
import { writeFileAtomically } from "../../report/atomic-file.ts";
import { renderHtmlReport } from "../../report/html-report.ts";
import { readResult } from "../../report/read-result.ts";
import { exitCodes } from "../failure.ts";
import { checkOutputs } from "../output-paths.ts";
import { parsed } from "../parse-command.ts";

/** `windtunnel report RESULT.json`: draws the page of a result. */
export async function run(args: string[]): Promise<number> {
  const command = new Command("windtunnel report")
    .description("Draw the page of a result that windtunnel replay wrote.")
    .argument("<result>", "result JSON (.gz too)")
    .option("--html <PATH>", "where the page goes (default: beside the result, .html in place of .json)");
  const given = parsed(command, args);
  if (given === null) return exitCodes.done;
  const [source] = given.args as [string];
  const { html = pageBeside(source) } = given.opts<{ html?: string }>();
  checkOutputs([{ role: "--html", path: html }], [{ role: "the result", path: source }]);
  await writeFileAtomically(html, [renderHtmlReport(readResult(source))]);
  process.stdout.write(`HTML report: ${html}\n`);
  return exitCodes.done;
}

/** The result's name with another ending. */
function pageBeside(source: string): string {
  return `${source.replace(/(\.json)?(\.gz)?$/i, "")}.html`;
}
