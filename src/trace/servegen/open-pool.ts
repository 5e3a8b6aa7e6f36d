import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { statOrNull } from "../../config/document.ts";
import type { Trace } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { readLengthWindows } from "./client-lengths.ts";
import { readRateWindows } from "./client-windows.ts";
import { drawPool, type PoolClient, type PoolSlice } from "./generate-pool.ts";

/** Whether a spec names a folder (perhaps with `?from=…`). */
export function isPoolSpec(spec: string): boolean {
  const { folder } = partsOf(spec);
  return statOrNull(folder)?.isDirectory() === true;
}

/**
 * Draws a trace from a ServeGen pool (Alibaba, Apache-2.0): a folder with `chunk-N-trace.csv` and `chunk-N-dataset.json`
 * for each client. `FOLDER?from=S&to=S&rate=RPS` takes part of its time and scales it.
 * @throws TraceError
 */
export function openPool(spec: string, seed: number): Trace {
  const { folder, slice } = partsOf(spec);
  const names = readdirSync(folder);
  const numbers = names.flatMap((name) => /^chunk-(\d{1,9})-trace\.csv$/.exec(name)?.[1] ?? []).map(Number);
  if (numbers.length === 0) {
    throw new TraceError(
      folder,
      null,
      "is a folder without chunk-N-trace.csv, expected a trace file or a ServeGen pool",
    );
  }
  const clients: PoolClient[] = [];
  const idle: number[] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const dataset = `chunk-${number}-dataset.json`;
    if (!names.includes(dataset)) throw new TraceError(folder, null, `has chunk-${number}-trace.csv but no ${dataset}`);
    const trace = join(folder, `chunk-${number}-trace.csv`);
    const rates = readRateWindows(readText(trace), trace);
    const lengths = readLengthWindows(readText(join(folder, dataset)), join(folder, dataset));
    if (lengths.length === 0) {
      if (rates.some(({ rate }) => rate > 0)) {
        throw new TraceError(join(folder, dataset), null, "has no lengths, but the client sends requests");
      }
      idle.push(number);
      continue;
    }
    clients.push({ number, rates, lengths });
  }
  const pool = drawPool(folder, clients, slice, seed);
  const drawn = `ServeGen pool: ${pool.count} requests drawn from ${clients.length} clients with --seed ${seed}`;
  return {
    ...pool,
    notes: [
      `${drawn}; every prompt is taken as new (no prefix sharing), images and reasoning are not told apart`,
      ...(idle.length === 0 ? [] : [`${idle.length} clients without requests left out`]),
    ],
  };
}

function readText(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const isEncoding = error instanceof TypeError;
    throw new TraceError(path, null, isEncoding ? "is not UTF-8 text" : `cannot be read: ${(error as Error).message}`);
  }
}

function partsOf(spec: string): { readonly folder: string; readonly slice: PoolSlice } {
  const mark = spec.lastIndexOf("?");
  const folder = mark < 0 ? spec : spec.slice(0, mark);
  const asked = new URLSearchParams(mark < 0 ? "" : spec.slice(mark + 1));
  const unknown = [...asked.keys()].find((key) => !["from", "to", "rate"].includes(key));
  const number = (key: string, missing: number) => {
    const text = asked.get(key);
    if (text === null) return missing;
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
      throw new TraceError(spec, null, `${key} must be a number of at least 0, found "${text}"`);
    }
    return value;
  };
  if (mark >= 0 && unknown !== undefined) {
    // A file may have a question mark in its name.
    return { folder: spec, slice: { fromSeconds: 0, toSeconds: Infinity, rate: null } };
  }
  const fromSeconds = number("from", 0);
  const toSeconds = number("to", Infinity);
  if (toSeconds <= fromSeconds)
    throw new TraceError(spec, null, `to must be after from (${fromSeconds}), found ${toSeconds}`);
  return { folder, slice: { fromSeconds, toSeconds, rate: asked.has("rate") ? number("rate", 0) : null } };
}
