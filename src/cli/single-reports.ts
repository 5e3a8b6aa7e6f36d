import { ConfigError } from "../config/config-error.ts";
import type { ReplayOptions } from "../config/replay-options.ts";

/** Options of a replay that are for a single one, without their dashes: help of commands that do many leaves them out. */
export const singleReports: readonly string[] = ["report-json", "report-jsonl", "report-html", "json"];

/**
 * A report for every run under one path would be the last one's.
 * @param instead where the results of many runs go
 * @throws ConfigError for all that were given
 */
export function refuseReports({ reportJson, reportJsonl, reportHtml, json }: ReplayOptions, instead: string): void {
  const values = [reportJson, reportJsonl, reportHtml, json];
  const refused = singleReports.filter((_, i) => values[i] !== undefined);
  if (refused.length === 0) return;
  const message = `is for a single replay; ${instead}`;
  throw new ConfigError(refused.map((name) => ({ where: `--${name}`, message })));
}
