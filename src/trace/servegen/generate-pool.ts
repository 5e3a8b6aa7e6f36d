import { SeededRandom } from "../../random/seeded-random.ts";
import type { Trace } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { tokensAt, type LengthWindow } from "./client-lengths.ts";
import type { GapShape, RateWindow } from "./client-windows.ts";

/** One client of a pool. */
export interface PoolClient {
  /** Number in its files' names. */
  readonly number: number;
  readonly rates: readonly RateWindow[];
  readonly lengths: readonly LengthWindow[];
}

/** Which part of a pool to draw, and how much of it. */
export interface PoolSlice {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Mean requests per second all clients together are scaled to; null = as recorded. */
  readonly rate: number | null;
}

const mostRequests = 50_000_000;

/**
 * Draws the requests of a pool of clients. Every window has as many requests of a client as it had (scaled, and rounded
 * by a draw where that is no whole number), with gaps of the recorded distribution, stretched to the window; lengths are
 * drawn from the client's histogram of the time. The draws of a client depend on the seed and its number alone.
 * @throws TraceError when nothing or too much is asked for
 */
export function drawPool(name: string, clients: readonly PoolClient[], slice: PoolSlice, seed: number): Trace {
  const expected = expectedRequests(clients, slice);
  if (expected === 0) throw new TraceError(name, null, "holds no requests in that time");
  const seconds = Math.min(slice.toSeconds, lastEnd(clients)) - slice.fromSeconds;
  const scale = slice.rate === null ? 1 : (slice.rate * seconds) / expected;
  if (expected * scale > mostRequests) {
    throw new TraceError(
      name,
      null,
      `would be ${Math.round(expected * scale)} requests, at most ${mostRequests} are drawn; ask for less time (?from=S&to=S) or a lower rate (?rate=RPS)`,
    );
  }
  const atMs: number[] = [];
  const input: number[] = [];
  const output: number[] = [];
  for (const client of clients) {
    const random = new SeededRandom(seed).fork(client.number);
    for (const window of client.rates) {
      if (window.rate === 0 || window.endSeconds <= slice.fromSeconds || window.startSeconds >= slice.toSeconds)
        continue;
      drawWindow(window, lengthsAt(client.lengths, window.startSeconds), scale, random, (seconds_, prompt, answer) => {
        if (seconds_ < slice.fromSeconds || seconds_ >= slice.toSeconds) return;
        atMs.push((seconds_ - slice.fromSeconds) * 1000);
        input.push(prompt);
        output.push(answer);
      });
    }
  }
  if (atMs.length === 0) throw new TraceError(name, null, "holds no requests in that time");
  const times = Float64Array.from(atMs);
  const order = Uint32Array.from(times.keys()).toSorted((a, b) => times[a]! - times[b]! || a - b);
  const first = times[order[0]!]!;
  return {
    name,
    count: order.length,
    arrivalMs: Float64Array.from(order, (place) => times[place]! - first),
    inputLength: Int32Array.from(order, (place) => input[place]!),
    outputLength: Int32Array.from(order, (place) => output[place]!),
    blocks: null,
    sessions: null,
    notes: [],
  };
}

function expectedRequests(clients: readonly PoolClient[], { fromSeconds, toSeconds }: PoolSlice): number {
  let sum = 0;
  for (const { rates } of clients) {
    for (const { startSeconds, endSeconds, rate } of rates) {
      sum += rate * Math.max(0, Math.min(endSeconds, toSeconds) - Math.max(startSeconds, fromSeconds));
    }
  }
  return sum;
}

function lastEnd(clients: readonly PoolClient[]): number {
  return clients.reduce((last, { rates }) => Math.max(last, rates.at(-1)!.endSeconds), 0);
}

/** The histograms that hold at a time: the latest before it that has any, else the first. */
function lengthsAt(windows: readonly LengthWindow[], seconds: number): LengthWindow {
  return windows.findLast(({ startSeconds }) => startSeconds <= seconds) ?? windows[0]!;
}

function drawWindow(
  { startSeconds, endSeconds, rate, gaps }: RateWindow,
  lengths: LengthWindow,
  scale: number,
  random: SeededRandom,
  add: (seconds: number, input: number, output: number) => void,
): void {
  const exact = rate * (endSeconds - startSeconds) * scale;
  const rounded = Math.round(exact);
  // Rates are counts over a window: without a scale they come out whole but for the rounding of the division.
  const count = Math.abs(exact - rounded) < 1e-6 ? rounded : Math.floor(exact + random.uniform());
  if (count === 0) return;
  const ends = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += gap(gaps, random);
    ends[i] = sum;
  }
  const stretch = (endSeconds - startSeconds) / (sum + gap(gaps, random));
  for (let i = 0; i < count; i++) {
    const prompt = Math.max(1, tokensAt(lengths.input, random.uniform()));
    add(startSeconds + ends[i]! * stretch, prompt, tokensAt(lengths.output, random.uniform()));
  }
}

/** A gap, but for its scale. */
function gap({ kind, shape }: GapShape, random: SeededRandom): number {
  if (kind === "gamma") return random.gamma(shape);
  return kind === "weibull" ? random.exponential() ** (1 / shape) : random.exponential();
}
