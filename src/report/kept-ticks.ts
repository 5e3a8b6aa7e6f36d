import type { RunResult } from "../result/schema.ts";

type Tick = NonNullable<RunResult["planner"]>["ticks"][number];

/** Ticks a page holds as they are: two days at one every five seconds. */
const MOST_TICKS = 35_000;
/** Stretches of equally many ticks that longer runs keep the extremes of. */
const STRETCHES = 500;
/** Changes of what was decided beyond which they are not kept one by one. */
const MOST_CHANGES = 15_000;

/**
 * The ticks a page draws: all, or of a long run those that scaled, those that concluded otherwise than the one before, and
 * in every stretch of time those with the least and the largest value of any figure, so that no peak is lost.
 * @param eventTimes instants of the scaling events, s
 */
export function keptTicks(ticks: readonly Tick[], eventTimes: ReadonlySet<number>): readonly Tick[] {
  if (ticks.length <= MOST_TICKS) return ticks;
  const kept = new Set<number>([0, ticks.length - 1]);
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const from = Math.floor((stretch * ticks.length) / STRETCHES);
    const to = Math.floor(((stretch + 1) * ticks.length) / STRETCHES);
    for (const place of extremePlaces(ticks, from, to)) kept.add(place);
  }
  const changes: number[] = [];
  for (const [place, tick] of ticks.entries()) {
    if (eventTimes.has(tick.t_s)) kept.add(place);
    if (place > 0 && !sameDecisions(ticks[place - 1]!, tick)) changes.push(place);
  }
  if (changes.length <= MOST_CHANGES) for (const place of changes) kept.add(place);
  return [...kept].toSorted((a, b) => a - b).map((place) => ticks[place]!);
}

interface Extremes {
  least: number;
  leastAt: number;
  largest: number;
  largestAt: number;
}

function extremePlaces(ticks: readonly Tick[], from: number, to: number): number[] {
  const met = new Map<string, Extremes>();
  const see = (key: string, value: unknown, place: number): void => {
    if (typeof value !== "number") return;
    const known = met.get(key);
    if (known === undefined) {
      met.set(key, { least: value, leastAt: place, largest: value, largestAt: place });
      return;
    }
    if (value < known.least) [known.least, known.leastAt] = [value, place];
    if (value > known.largest) [known.largest, known.largestAt] = [value, place];
  };
  for (let place = from; place < to; place++) {
    const { record, pools } = ticks[place]!;
    for (const key in record) {
      const value = record[key];
      if (Array.isArray(value)) seeEngines(key, value, (figure, load) => see(figure, load, place));
      else see(key, value, place);
    }
    for (const [name, pool] of Object.entries(pools)) {
      for (const key of ["active", "starting", "draining", "target"] as const) see(`${name} ${key}`, pool[key], place);
      for (const key of ["running", "waiting", "kv_blocks"] as const) {
        for (const load of pool.engines?.[key] ?? []) see(`${name} ${key}`, load, place);
      }
    }
  }
  return [...met.values()].flatMap(({ leastAt, largestAt }) => [leastAt, largestAt]);
}

/** Queues of the engines, which a record lists engine by engine. */
function seeEngines(list: string, engines: readonly unknown[], see: (figure: string, load: unknown) => void): void {
  for (const engine of engines) {
    if (typeof engine !== "object" || engine === null) continue;
    for (const [key, load] of Object.entries(engine)) if (key.endsWith("_tokens")) see(`${list} ${key}`, load);
  }
}

/** Whether both ticks name the same outcome of every loop; sentences carry figures and differ always. */
function sameDecisions({ record: before }: Tick, { record: after }: Tick): boolean {
  for (const key in after) {
    if (/_decision_reason(_\w+)?$/.test(key) && after[key] !== before?.[key]) return false;
  }
  return true;
}
