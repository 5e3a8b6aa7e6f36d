import { jsonErrorPosition } from "../json-error-position.ts";
import { maxTokens } from "../trace-builder.ts";
import { quoted, TraceError } from "../trace-error.ts";

/** A distribution of token counts. */
export interface TokenHistogram {
  readonly tokens: Int32Array;
  /** Running sums of the shares; the last is 1. */
  readonly upTo: Float64Array;
}

/** Lengths of a client's requests from a time on. */
export interface LengthWindow {
  readonly startSeconds: number;
  readonly input: TokenHistogram;
  readonly output: TokenHistogram;
}

/**
 * Reads a `chunk-N-dataset.json`: windows by their start (s), each with `input_tokens` and `output_tokens` as Python
 * dictionaries of token counts and their shares, written as text. Windows without requests are left out.
 * @throws TraceError
 */
export function readLengthWindows(text: string, file: string): LengthWindow[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const line = text.slice(0, jsonErrorPosition(text)).split("\n").length;
    throw new TraceError(file, line, "not valid JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TraceError(file, null, "must hold a JSON object of windows");
  }
  const windows: LengthWindow[] = [];
  for (const [start, window] of Object.entries(value)) {
    const startSeconds = Number(start);
    if (!/^\d+(\.\d+)?$/.test(start)) {
      throw new TraceError(file, null, `a window must start at a number of seconds, found "${quoted(start)}"`);
    }
    if (typeof window !== "object" || window === null) {
      throw new TraceError(file, null, `window ${start} must be an object`);
    }
    const fields = window as Record<string, unknown>;
    const input = histogramOf(fields["input_tokens"], `${start}.input_tokens`, file);
    const output = histogramOf(fields["output_tokens"], `${start}.output_tokens`, file);
    if (input !== null && output !== null) windows.push({ startSeconds, input, output });
  }
  return windows.toSorted((a, b) => a.startSeconds - b.startSeconds);
}

/** A dictionary as text such as "{70: 0.25, 71: 0.75}"; null when it is empty. */
function histogramOf(value: unknown, path: string, file: string): TokenHistogram | null {
  if (typeof value !== "string") {
    throw new TraceError(
      file,
      null,
      `${path} must be text such as "{70: 0.25, 71: 0.75}", found ${quoted(JSON.stringify(value) ?? "nothing")}`,
    );
  }
  const inside = /^\s*\{(.*)\}\s*$/s.exec(value)?.[1];
  if (inside === undefined)
    throw new TraceError(file, null, `${path} must be a dictionary in braces, found "${quoted(value)}"`);
  if (inside.trim() === "") return null;
  const tokens: number[] = [];
  const upTo: number[] = [];
  let sum = 0;
  for (const pair of inside.split(",")) {
    const match = /^\s*(\d+)(?:\.0*)?\s*:\s*(\d[\d.]*(?:e-?\d+)?)\s*$/i.exec(pair);
    const count = Number(match?.[1]);
    const share = Number(match?.[2]);
    if (match === null || count > maxTokens || !Number.isFinite(share)) {
      throw new TraceError(file, null, `${path} must hold token counts and shares, found "${quoted(pair.trim())}"`);
    }
    sum += share;
    tokens.push(count);
    upTo.push(sum);
  }
  if (!(sum > 0)) return null;
  return { tokens: Int32Array.from(tokens), upTo: Float64Array.from(upTo, (share) => share / sum) };
}

/** The token count at a place between 0 and 1 of a distribution. */
export function tokensAt({ tokens, upTo }: TokenHistogram, place: number): number {
  let low = 0;
  let high = tokens.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (place < upTo[middle]!) high = middle;
    else low = middle + 1;
  }
  return tokens[low]!;
}
