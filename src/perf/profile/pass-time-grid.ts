import type { PerfModel, PerfModelProvenance } from "../perf-model.ts";
import { lastAtMost } from "../tables/bracket.ts";

/** Measured pass times of one engine: prefill over tokens, decode over cache in use and mean context. */
export interface PassTimeGrid {
  /** Ascending prompt tokens of a pass. */
  readonly prefillTokens: readonly number[];
  readonly prefillMs: readonly number[];
  /** Ascending tokens of cache in use. */
  readonly decodeActiveTokens: readonly number[];
  /** Ascending mean contexts. */
  readonly decodeContextTokens: readonly number[];
  /** Row by active tokens, column by context. */
  readonly decodeMs: readonly (readonly number[])[];
}

/** The mocker's least decode time. */
const LEAST_DECODE_MS = 1;

/**
 * Interpolates a measured grid as the mocker does (engine-reference §5.2): linear, and linearly onwards past its edges;
 * prefill at least 0, decode at least 1 ms.
 */
export class ProfilePerfModel implements PerfModel {
  readonly provenance: PerfModelProvenance;
  readonly decodeDependsOn = "all";
  private readonly grid: PassTimeGrid;

  constructor(grid: PassTimeGrid, description: string) {
    this.grid = grid;
    this.provenance = { kind: "profile", description };
  }

  prefillMs(requests: number, meanNewTokens: number): number {
    const { prefillTokens, prefillMs } = this.grid;
    const { low, share } = segment(prefillTokens, requests * meanNewTokens);
    const high = Math.min(low + 1, prefillMs.length - 1);
    return Math.max(0, prefillMs[low]! + (prefillMs[high]! - prefillMs[low]!) * share);
  }

  decodeMs(_requests: number, meanContextTokens: number, activeTokens: number): number {
    const { decodeActiveTokens, decodeContextTokens, decodeMs } = this.grid;
    const row = segment(decodeActiveTokens, activeTokens);
    const column = segment(decodeContextTokens, meanContextTokens);
    const left = column.low;
    const right = Math.min(left + 1, decodeContextTokens.length - 1);
    const along = (index: number) =>
      decodeMs[index]![left]! + (decodeMs[index]![right]! - decodeMs[index]![left]!) * column.share;
    const upper = along(row.low);
    const lower = along(Math.min(row.low + 1, decodeActiveTokens.length - 1));
    return Math.max(LEAST_DECODE_MS, upper + (lower - upper) * row.share);
  }
}

/** The segment of ascending keys a value lies on or is extrapolated from, and how far along it is. */
function segment(keys: readonly number[], value: number): { low: number; share: number } {
  if (keys.length === 1) return { low: 0, share: 0 };
  const low = Math.min(Math.max(lastAtMost(keys, value), 0), keys.length - 2);
  return { low, share: (value - keys[low]!) / (keys[low + 1]! - keys[low]!) };
}

/** What is wrong with a grid, or null. */
export function gridProblem(grid: PassTimeGrid): string | null {
  const axes = [
    ["prefill tokens", grid.prefillTokens],
    ["decode active tokens", grid.decodeActiveTokens],
    ["decode context tokens", grid.decodeContextTokens],
  ] as const;
  for (const [name, keys] of axes) {
    if (keys.length === 0) return `no ${name}`;
    if (keys.some((key, index) => !Number.isFinite(key) || (index > 0 && key <= keys[index - 1]!))) {
      return `${name} must be numbers in ascending order, each once`;
    }
  }
  if (grid.prefillMs.length !== grid.prefillTokens.length) {
    return `${grid.prefillMs.length} prefill times for ${grid.prefillTokens.length} token counts`;
  }
  if (grid.decodeMs.length !== grid.decodeActiveTokens.length) {
    return `${grid.decodeMs.length} rows of decode times for ${grid.decodeActiveTokens.length} active-token counts`;
  }
  const ragged = grid.decodeMs.findIndex((row) => row.length !== grid.decodeContextTokens.length);
  if (ragged >= 0)
    return `row ${ragged} of the decode times has ${grid.decodeMs[ragged]!.length} of ${grid.decodeContextTokens.length} contexts`;
  if ([...grid.prefillMs, ...grid.decodeMs.flat()].some((ms) => !Number.isFinite(ms))) return "a time is no number";
  return null;
}
