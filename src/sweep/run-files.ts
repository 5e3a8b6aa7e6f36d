import { writeFileAtomically } from "../report/atomic-file.ts";
import { renderHtmlReport } from "../report/html-report.ts";
import { resultJson } from "../report/result-json.ts";
import type { RunResult } from "../result/schema.ts";

/**
 * Writes the full result of a run and its page beside it. The result comes last: where it is, the page is too.
 * @param path a .json file
 * @throws OutputError
 */
export async function writeRunFiles(path: string, result: RunResult): Promise<void> {
  await writeFileAtomically(path.replace(/\.json$/, ".html"), [renderHtmlReport(result)]);
  await writeFileAtomically(path, resultJson(result));
}
