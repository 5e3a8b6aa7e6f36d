import type { RunResult } from "../result/schema.ts";

const SCHEMA = "planner_diagnostics_snapshot_log_v1";

/** Fields of a tick's record that are windtunnel's own; the reference's log has no place for them. */
const ownFields: ReadonlySet<string> = new Set(["observed_accept_length", "explanation"]);

/**
 * The planner's log as the reference writes it beside its page (`<page>.log.jsonl.gz`): a row about the log, then a row
 * a recorded tick, keys in order, the planner's targets (not those goodput is counted by), no figure that is not finite.
 * Without the moment of writing, so that the same run gives the same bytes.
 * @param page path of the page as the log names it; null = none written
 * @returns its lines, made one by one; null when no tick was recorded, or a policy keeps records of its own
 */
export function plannerLog({ planner, config }: RunResult, page: string | null): Iterable<string> | null {
  const records = (planner?.ticks ?? []).flatMap(({ record }) => (isSnapshot(record) ? [record] : []));
  if (records.length === 0) return null;
  const head = {
    generated_at_utc: null,
    html_report_path: page,
    itl_ms: config["planner.itl_ms"]?.value ?? null,
    kind: "metadata",
    num_snapshots: records.length,
    schema: SCHEMA,
    ttft_ms: config["planner.ttft_ms"]?.value ?? null,
  };
  return lines(head, records);
}

function* lines(head: object, records: readonly TickRow[]): Generator<string> {
  yield `${JSON.stringify(head)}\n`;
  for (const record of records) yield `${JSON.stringify(snapshot(record))}\n`;
}

/** Where the log of a page goes: `run.v1.html` → `run.v1.log.jsonl.gz`. */
export function plannerLogPath(page: string): string {
  return `${page.replace(/\.html?$/i, "")}.log.jsonl.gz`;
}

type TickRow = Readonly<Record<string, unknown>> & { readonly timestamp_s: number };

function isSnapshot(record: unknown): record is TickRow {
  return typeof record === "object" && record !== null && "timestamp_s" in record && "decode_engines" in record;
}

function snapshot(record: TickRow): Record<string, unknown> {
  const row: Record<string, unknown> = {
    ...record,
    kind: "snapshot",
    observed_request_duration_seconds: null,
    schema: SCHEMA,
    timestamp_utc: isoTime(record.timestamp_s),
  };
  return Object.fromEntries(
    Object.keys(row)
      .filter((key) => !ownFields.has(key))
      .toSorted()
      .map((key) => [key, row[key]]),
  );
}

/** A moment as Python's `isoformat` writes it: no fraction, or microseconds. */
function isoTime(seconds: number): string {
  const micros = Math.round(seconds * 1e6);
  const whole = Math.floor(micros / 1e6);
  const fraction = micros === whole * 1e6 ? "" : `.${String(micros - whole * 1e6).padStart(6, "0")}`;
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}${fraction}+00:00`;
}
