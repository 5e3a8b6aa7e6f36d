import { suggestion } from "../../config/nearest-name.ts";
import { TraceError, quoted } from "../trace-error.ts";

/** What a column of a log can say of a request. */
export const logRoles = ["time", "input", "output", "session"] as const;
export type LogRole = (typeof logRoles)[number];

/** The column of each role, by its name in the file; in JSON a name may be a path, such as usage.prompt_tokens. */
export type LogColumns = Readonly<Partial<Record<LogRole, string>>>;

/** What the roles are called in errors. */
const meanings: Record<LogRole, string> = {
  time: "arrival time",
  input: "prompt tokens",
  output: "output tokens",
  session: "session",
};

/** Names known by sight, letters and digits only, those that say most first. */
const knownNames: Record<LogRole, readonly string[]> = {
  time: words(
    `arrivaltime arrivaltimestamp arrivedat arrival receivedat receivedtime requesttime requesttimestamp requestedat
     requeststart start starttime starttimestamp startedat createdat createdtime created timestamp time ts datetime date`,
  ),
  input: words(
    `prompttokens inputtokens numprompttokens numinputtokens nprompttokens ninputtokens prompttokencount inputtokencount
     inputlength promptlength inputlen promptlen isl`,
  ),
  output: words(
    `completiontokens outputtokens generatedtokens numcompletiontokens numoutputtokens numgeneratedtokens
     numgenerationtokens generationtokens ncompletiontokens noutputtokens completiontokencount outputtokencount
     candidatestokencount responsetokens outputlength completionlength outputlen osl`,
  ),
  session: words("sessionid conversationid chatid threadid session conversation"),
};

function words(list: string): readonly string[] {
  return list.split(/\s+/);
}

/** Where servers put the counts of tokens: OpenAI's `usage`, OpenTelemetry's `gen_ai.usage`, Gemini's `usageMetadata`. */
const wrapping = /^(response|body|attributes)?(genai|llm)?(usagemetadata|usage)?(?=[a-z])/;

/**
 * Reads `--trace-columns`: `time=NAME,input=NAME,output=NAME,session=NAME`, any of them.
 * @throws TraceError of all mistakes
 */
export function parseLogColumns(text: string): LogColumns {
  const columns: Partial<Record<LogRole, string>> = {};
  const mistakes: TraceError[] = [];
  const fail = (problem: string) => mistakes.push(new TraceError("--trace-columns", null, problem));
  for (const part of text.split(",")) {
    const [role, ...rest] = part.split("=").map((side) => side.trim());
    const name = rest.join("=");
    const known = logRoles.find((candidate) => candidate === role);
    if (known === undefined) {
      fail(`found "${quoted(part.trim())}"${suggestion(role!, logRoles)}, expected ${logRoles.join("=NAME, ")}=NAME`);
    } else if (name === "") fail(`${known} has no name, expected ${known}=NAME of the column`);
    else if (columns[known] !== undefined) fail(`${known} stands twice`);
    else columns[known] = name;
  }
  if (mistakes.length > 0) throw TraceError.together(mistakes);
  return columns;
}

/**
 * The column of each role among the names of a file: those given, and those known by sight.
 * @throws TraceError where one is given or needed and the file lacks it
 */
export function chooseLogColumns(names: readonly string[], given: LogColumns, file: string, line: number): LogColumns {
  const columns: Partial<Record<LogRole, string>> = {};
  const mistakes: TraceError[] = [];
  for (const role of logRoles) {
    const wanted = given[role];
    const found = wanted === undefined ? knownColumn(names, role) : names.find((name) => sameName(name, wanted));
    if (found !== undefined) columns[role] = found;
    else if (wanted !== undefined || role !== "session") {
      const problem =
        wanted === undefined
          ? `no column known for the ${meanings[role]}: name it with --trace-columns ${role}=NAME`
          : `no column "${quoted(wanted)}"${suggestion(wanted, names)}`;
      mistakes.push(new TraceError(file, line, `${problem}; found ${quoted(names.join(", "))}`));
    }
  }
  if (mistakes.length > 0) throw TraceError.together(mistakes);
  return columns;
}

/** Whether names known by sight stand for all that a request needs. */
export function hasLogColumns(names: readonly string[]): boolean {
  return (["time", "input", "output"] as const).every((role) => knownColumn(names, role) !== undefined);
}

function knownColumn(names: readonly string[], role: LogRole): string | undefined {
  for (const known of knownNames[role]) {
    const found = names.find((name) => plainNames(name, role).includes(known));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Letters and digits of a name, and those without what counts of tokens are wrapped in. */
function plainNames(name: string, role: LogRole): string[] {
  const withoutUnit = role === "time" ? name.replace(unitEnding, "") : name;
  const letters = withoutUnit.toLowerCase().replaceAll(/[^a-z\d]/g, "");
  return role === "input" || role === "output" ? [letters, letters.replace(wrapping, "")] : [letters];
}

/** A unit of time at the end of a column's name: arrival_ms, "time (s)", created_unix_ns. */
const unitEnding =
  /[_\s.([-]+(?:(?:unix|epoch)[_\s.-]*)?(ms|millis|milliseconds|us|micros|ns|nanos|s|secs?|seconds)?[)\]]?$/i;

/** The unit a time column's name ends with; null without one. */
export function unitOfName(name: string): "s" | "ms" | "us" | "ns" | null {
  const unit = unitEnding.exec(name)?.[1]?.toLowerCase();
  if (unit === undefined) return null;
  if (unit.startsWith("mi") || unit === "ms") return unit.startsWith("mic") ? "us" : "ms";
  return unit === "us" ? "us" : unit.startsWith("n") ? "ns" : "s";
}

function sameName(name: string, wanted: string): boolean {
  return name.toLowerCase() === wanted.toLowerCase();
}
