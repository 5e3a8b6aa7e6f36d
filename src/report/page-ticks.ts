import type { RunResult } from "../result/schema.ts";
import { keptTicks } from "./kept-ticks.ts";
import { roundForDrawing } from "./round-for-drawing.ts";

type Tick = NonNullable<RunResult["planner"]>["ticks"][number];
type PoolName = keyof Tick["pools"];

/** Planner ticks in columns: entry k of every column belongs to tick k. */
export interface PageTicks {
  /** Ticks of the run; a long one's page has not all of them. */
  readonly all: number;
  readonly t_s: readonly number[];
  readonly pools: Partial<Record<PoolName, TickPool>>;
  /** Numbers of the policy's record by key; null where a tick has none. */
  readonly numbers: Readonly<Record<string, readonly (number | null)[]>>;
  /** Words of the policy's record by key, `reason` of the tick among them: places in `words`, −1 = none. */
  readonly texts: Readonly<Record<string, readonly number[]>>;
  readonly words: readonly string[];
  /** Load of every engine at every tick by pool, or its reduction in long runs. */
  readonly load: Partial<Record<PoolName, EngineLoadColumns>>;
}

/** A pool's counts at the ticks. */
export interface TickPool {
  readonly active: readonly number[];
  readonly starting: readonly number[];
  readonly draining: readonly number[];
  readonly target: readonly (number | null)[];
}

/** The figures kept of each engine. */
export const loadFigures = [
  "queued_prefill_tokens",
  "queued_decode_kv_tokens",
  "inflight_decode_kv_tokens",
  "running",
  "waiting",
  "kv_blocks",
] as const;
/** One of `loadFigures`. */
export type LoadFigure = (typeof loadFigures)[number];

/** Engines' load: entries of tick `tick[k]`. */
export interface EngineLoadColumns {
  /** "engines": an entry an engine. "extremes": long runs; two entries a tick, the least and the largest of its engines. */
  readonly kind: "engines" | "extremes";
  readonly tick: readonly number[];
  /** "worker" or "worker:rank"; empty in extremes. */
  readonly engine: readonly string[];
  readonly figures: Readonly<Record<LoadFigure, readonly (number | null)[]>>;
}

/** Entries over which only extremes are kept. */
const MOST_ENTRIES = 20_000;

/**
 * Turns ticks into columns; small enough for a page whatever the run's length.
 * @param eventTimes instants of the scaling events, s: their ticks are always kept
 */
export function pageTicks(all: readonly Tick[], eventTimes: ReadonlySet<number> = new Set()): PageTicks {
  const ticks = keptTicks(all, eventTimes);
  const words = new Map<string, number>();
  const place = (word: string): number => {
    const known = words.get(word);
    if (known !== undefined) return known;
    words.set(word, words.size);
    return words.size - 1;
  };
  const numbers: Record<string, (number | null)[]> = {};
  const texts: Record<string, number[]> = {};
  const pools: Partial<Record<PoolName, { [Key in keyof TickPool]: (number | null)[] }>> = {};
  const entries: Partial<Record<PoolName, EngineEntry[]>> = {};
  const column = <T>(columns: Record<string, T[]>, key: string, filler: T): T[] =>
    (columns[key] ??= Array.from({ length: ticks.length }, () => filler));
  for (const [index, tick] of ticks.entries()) {
    if (tick.reason !== null) column(texts, "reason", -1)[index] = place(tick.reason);
    for (const [key, value] of Object.entries(tick.record ?? {})) {
      if (typeof value === "number") column(numbers, key, null)[index] = roundForDrawing(value);
      else if (typeof value === "string" && value !== tick.reason) column(texts, key, -1)[index] = place(value);
    }
    for (const [name, pool] of Object.entries(tick.pools) as [PoolName, NonNullable<Tick["pools"][PoolName]>][]) {
      const columns = (pools[name] ??= { active: [], starting: [], draining: [], target: [] });
      for (const key of ["active", "starting", "draining", "target"] as const) columns[key][index] = pool[key];
      (entries[name] ??= []).push(...engineEntries(index, name, tick));
    }
  }
  return {
    all: all.length,
    t_s: ticks.map(({ t_s }) => t_s),
    pools: pools as PageTicks["pools"],
    numbers,
    texts,
    words: [...words.keys()],
    load: Object.fromEntries(Object.entries(entries).map(([name, list]) => [name, loadColumns(list)])),
  };
}

/** Load of one engine at a tick. */
export interface EngineEntry {
  readonly tick: number;
  readonly engine: string;
  readonly figures: Partial<Record<LoadFigure, number>>;
}

/** What the engines of a pool published, joined with the queues in the policy's record where it has them. */
function engineEntries(index: number, name: PoolName, tick: Tick): EngineEntry[] {
  const samples = tick.pools[name]?.engines;
  const entries = new Map<string, EngineEntry>();
  const entry = (worker: string | number, rank: number): EngineEntry => {
    const engine = rank === 0 ? String(worker) : `${worker}:${rank}`;
    const known = entries.get(engine) ?? { tick: index, engine, figures: {} };
    entries.set(engine, known);
    return known;
  };
  for (const [place, worker] of (samples?.worker ?? []).entries()) {
    const { figures } = entry(worker, samples!.rank[place]!);
    figures.running = samples!.running[place]!;
    figures.waiting = samples!.waiting[place]!;
    figures.kv_blocks = samples!.kv_blocks[place]!;
  }
  const recorded = tick.record?.[name === "prefill" ? "prefill_engines" : "decode_engines"];
  for (const engine of Array.isArray(recorded) ? recorded : []) {
    if (typeof engine !== "object" || engine === null || Array.isArray(engine)) continue;
    const { figures } = entry(String(engine["worker_id"]), Number(engine["dp_rank"] ?? 0));
    for (const key of loadFigures.slice(0, 3)) {
      const value = engine[key];
      if (typeof value === "number") figures[key] = value;
    }
  }
  return [...entries.values()];
}

/** Engines' loads in columns, reduced when there are many. */
export function loadColumns(entries: readonly EngineEntry[]): EngineLoadColumns {
  const kept = entries.length > MOST_ENTRIES ? extremes(entries) : entries;
  return {
    kind: kept === entries ? "engines" : "extremes",
    tick: kept.map(({ tick }) => tick),
    engine: kept === entries ? kept.map(({ engine }) => engine) : [],
    figures: Object.fromEntries(
      loadFigures.map((key) => [key, kept.map(({ figures }) => figures[key] ?? null)]),
    ) as Record<LoadFigure, (number | null)[]>,
  };
}

/** Two entries a tick: the least and the largest value of each figure among its engines. */
function extremes(entries: readonly EngineEntry[]): EngineEntry[] {
  const reduced: EngineEntry[] = [];
  for (let from = 0; from < entries.length;) {
    const { tick } = entries[from]!;
    let to = from;
    while (to < entries.length && entries[to]!.tick === tick) to++;
    const least: EngineEntry["figures"] = {};
    const largest: EngineEntry["figures"] = {};
    for (const { figures } of entries.slice(from, to)) {
      for (const key of loadFigures) {
        const value = figures[key];
        if (value === undefined) continue;
        least[key] = Math.min(least[key] ?? value, value);
        largest[key] = Math.max(largest[key] ?? value, value);
      }
    }
    reduced.push({ tick, engine: "", figures: least }, { tick, engine: "", figures: largest });
    from = to;
  }
  return reduced;
}
