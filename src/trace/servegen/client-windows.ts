import { TraceError, quoted } from "../trace-error.ts";

/** How a client sends requests in one window of time. */
export interface RateWindow {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Requests per second. */
  readonly rate: number;
  /** Distribution of the gaps; its scale is that of the rate. */
  readonly gaps: GapShape;
}

/** Shape of a distribution of gaps. */
export interface GapShape {
  readonly kind: "gamma" | "weibull" | "exponential";
  readonly shape: number;
}

/** Length of a window that is not followed by another, s. */
const usualWindowSeconds = 600;

/**
 * Reads a `chunk-N-trace.csv`: no header, a line a window with its start (s), rate (requests/s), coefficient of variation,
 * distribution of gaps and its two parameters, of which the first is the shape.
 * @throws TraceError
 */
export function readRateWindows(text: string, file: string): RateWindow[] {
  const rows: { startSeconds: number; rate: number; gaps: GapShape; line: number }[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const row = raw.trim();
    if (row === "") continue;
    const line = index + 1;
    const fields = row.split(",").map((field) => field.trim());
    if (fields.length !== 6) {
      throw new TraceError(
        file,
        line,
        `expected 6 fields (start, rate, cv, distribution, 2 parameters), found ${fields.length}`,
      );
    }
    const startSeconds = numberOf(fields[0]!, "start", file, line);
    const rate = numberOf(fields[1]!, "rate", file, line);
    if (rate > 1e5) throw new TraceError(file, line, `rate must be at most 100000 requests/s, found ${rate}`);
    const before = rows.at(-1);
    if (before !== undefined && startSeconds <= before.startSeconds) {
      throw new TraceError(
        file,
        line,
        `start must be after that of the window before (${before.startSeconds}), found ${startSeconds}`,
      );
    }
    rows.push({ startSeconds, rate, gaps: rate === 0 ? plain : gapsOf(fields, file, line), line });
  }
  if (rows.length === 0) throw new TraceError(file, null, "holds no windows");
  return rows.map(({ startSeconds, rate, gaps, line }, index) => {
    const next = rows[index + 1]?.startSeconds ?? startSeconds + (windowOf(rows) ?? usualWindowSeconds);
    if (rate * (next - startSeconds) > 1e7) {
      throw new TraceError(
        file,
        line,
        `a window of ${next - startSeconds} s at ${rate} requests/s holds more than 10 million requests`,
      );
    }
    return { startSeconds, endSeconds: next, rate, gaps };
  });
}

const plain: GapShape = { kind: "exponential", shape: 1 };

function windowOf(rows: readonly { readonly startSeconds: number }[]): number | undefined {
  return rows.length < 2 ? undefined : rows[1]!.startSeconds - rows[0]!.startSeconds;
}

function gapsOf(fields: readonly string[], file: string, line: number): GapShape {
  const kind = fields[3]!.toLowerCase();
  if (kind === "exponential" || kind === "") return plain;
  if (kind !== "gamma" && kind !== "weibull") {
    throw new TraceError(
      file,
      line,
      `distribution must be Gamma, Weibull or Exponential, found "${quoted(fields[3]!)}"`,
    );
  }
  const shape = numberOf(fields[4]!, "the first parameter", file, line);
  if (!(shape >= 0.01))
    throw new TraceError(file, line, `the first parameter (shape) must be at least 0.01, found ${shape}`);
  return { kind, shape };
}

function numberOf(text: string, name: string, file: string, line: number): number {
  const value = Number(text);
  if (text === "" || !Number.isFinite(value) || value < 0 || !/^[\d.+]/.test(text)) {
    throw new TraceError(file, line, `${name} must be a finite number of at least 0, found "${quoted(text)}"`);
  }
  return value;
}
