import { join } from "node:path";
import { statOrNull } from "../config/document.ts";

/** `dynamo_replay_report_20260131_235959.json`, local time. */
export function datedReportName(now: Date): string {
  const part = (value: number) => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}${part(now.getMonth() + 1)}${part(now.getDate())}`;
  const time = `${part(now.getHours())}${part(now.getMinutes())}${part(now.getSeconds())}`;
  return `dynamo_replay_report_${date}_${time}.json`;
}

/** Where the result goes: the given file, a dated file in the given folder, or one in the current folder. */
export function resultPath(given: string | undefined, now: Date): string {
  if (given === undefined) return join(process.cwd(), datedReportName(now));
  const isFolder = given.endsWith("/") || statOrNull(given)?.isDirectory() === true;
  return isFolder ? join(given, datedReportName(now)) : join(given);
}
