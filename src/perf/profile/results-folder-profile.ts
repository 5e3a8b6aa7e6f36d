import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { objectOf, type Json } from "../config-fields.ts";
import { needArray, readNpz } from "./npz-profile.ts";
import type { PassTimeGrid } from "./pass-time-grid.ts";
import { ProfileError } from "./profile-error.ts";

/** Points along each axis of the grid made from a results folder, as the reference's converter makes it. */
const RESOLUTION = 100;

/**
 * The grid of a profiler's results folder (selected_prefill_interpolation and selected_decode_interpolation with
 * raw_data.npz, or prefill_raw_data.json and decode_raw_data.json): straight-line fits of the measured times over
 * prompt tokens, and over sequences and cached tokens, evaluated on a grid.
 * @throws ProfileError
 */
export async function resultsFolderGrid(folder: string): Promise<PassTimeGrid> {
  const prefill = await rawData(folder, "prefill", ["prefill_isl", "prefill_ttft"]);
  const decode = await rawData(folder, "decode", ["x_kv_usage", "y_context_length", "z_itl", "max_kv_tokens"]);
  const [lengths, ttfts] = [prefill["prefill_isl"]!, prefill["prefill_ttft"]!];
  const line = leastSquares(
    lengths.map((length) => [length]),
    ttfts,
    folder,
  );
  const poolTokens = decode["max_kv_tokens"]![0]!;
  const contexts = decode["y_context_length"]!;
  const cached = decode["x_kv_usage"]!.map((share) => share * poolTokens);
  const sequences = cached.map((tokens, index) => Math.max(1, Math.round(tokens / contexts[index]!)));
  const plane = leastSquares(
    cached.map((tokens, index) => [sequences[index]!, tokens]),
    decode["z_itl"]!,
    folder,
  );
  const prefillTokens = spaced(Math.min(...lengths), Math.max(...lengths));
  const decodeActiveTokens = spaced(0, Math.max(...cached));
  const decodeContextTokens = spaced(1, Math.max(...cached.map((tokens, index) => tokens / sequences[index]!)));
  return {
    prefillTokens,
    prefillMs: prefillTokens.map((tokens) => line[0]! + line[1]! * tokens),
    decodeActiveTokens,
    decodeContextTokens,
    decodeMs: decodeActiveTokens.map((tokens) =>
      decodeContextTokens.map((context) => plane[0]! + plane[1]! * Math.max(1, tokens / context) + plane[2]! * tokens),
    ),
  };
}

/** The files a profile is read from: the one a path names, or those in a results folder. */
export function profileFiles(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  return ["prefill", "decode"].flatMap((phase) => npzPath(path, phase) ?? jsonPath(path, phase) ?? []);
}

/** Whether a folder looks like a profiler's results. */
export function isResultsFolder(folder: string): boolean {
  return ["prefill", "decode"].every((phase) => npzPath(folder, phase) !== null || jsonPath(folder, phase) !== null);
}

function npzPath(folder: string, phase: string): string | null {
  const path = join(folder, `selected_${phase}_interpolation`, "raw_data.npz");
  return existsSync(path) ? path : null;
}

function jsonPath(folder: string, phase: string): string | null {
  const path = join(folder, `${phase}_raw_data.json`);
  return existsSync(path) ? path : null;
}

async function rawData(folder: string, phase: string, names: readonly string[]): Promise<Record<string, number[]>> {
  const npz = npzPath(folder, phase);
  if (npz !== null) {
    const arrays = readNpz(npz, await readFile(npz));
    return Object.fromEntries(names.map((name) => [name, [...needArray(npz, arrays, name).values]]));
  }
  const json = jsonPath(folder, phase)!;
  let parsed: Json | null;
  try {
    parsed = objectOf(JSON.parse(await readFile(json, "utf8")));
  } catch (error) {
    throw new ProfileError(`${json}: ${(error as Error).message}`);
  }
  if (parsed === null) throw new ProfileError(`${json}: expected a JSON object`);
  return Object.fromEntries(
    names.map((name) => {
      const value = typeof parsed[name] === "number" ? [parsed[name]] : parsed[name];
      if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === "number")) {
        throw new ProfileError(`${json}: ${name} must be a list of numbers`);
      }
      return [name, value as number[]];
    }),
  );
}

function spaced(from: number, to: number): number[] {
  return Array.from({ length: RESOLUTION }, (_, index) => from + ((to - from) * index) / (RESOLUTION - 1));
}

/** Intercept and slopes of the plane nearest to the values. @throws ProfileError when the points do not span it */
function leastSquares(features: readonly (readonly number[])[], values: readonly number[], folder: string): number[] {
  const rows = features.map((row) => [1, ...row]);
  const size = rows[0]?.length ?? 0;
  const scales = Array.from({ length: size }, (_, i) => Math.max(...rows.map((row) => Math.abs(row[i]!)), 1e-300));
  const system = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_unused, j) =>
      sum(rows, (row) => (row[i]! / scales[i]!) * (row[j]! / scales[j]!)),
    ),
    sum(rows, (row, index) => (row[i]! / scales[i]!) * values[index]!),
  ]);
  for (let pivot = 0; pivot < size; pivot++) {
    const best = system
      .slice(pivot)
      .reduce((most, row, at) => (Math.abs(row[pivot]!) > Math.abs(system[most]![pivot]!) ? at + pivot : most), pivot);
    [system[pivot], system[best]] = [system[best]!, system[pivot]!];
    const head = system[pivot]!;
    if (Math.abs(head[pivot]!) < 1e-12) throw new ProfileError(`${folder}: too few different points for a fit`);
    for (let other = 0; other < size; other++) {
      if (other === pivot) continue;
      const factor = system[other]![pivot]! / head[pivot]!;
      system[other] = system[other]!.map((value, column) => value - factor * head[column]!);
    }
  }
  return system.map((row, i) => row[size]! / row[i]! / scales[i]!);
}

function sum<Row>(rows: readonly Row[], of: (row: Row, index: number) => number): number {
  return rows.reduce((total, row, index) => total + of(row, index), 0);
}
