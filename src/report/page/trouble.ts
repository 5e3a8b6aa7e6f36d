import type { RunPageData } from "../page-data.ts";
import { clock, count, percent } from "./format.ts";
import { departures, poolsOf, poolWords, runEnd } from "./run-series.ts";

/** The stretch of time in which far more requests missed the SLA than over the whole run. */
export interface Trouble {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Finds the stretch with the most misses beyond the run's average, and what the fleet looked like; null without misses. */
export function worstStretch(run: RunPageData): Trouble | null {
  const { timeline } = run;
  const shares = timeline.sla_attainment?.all;
  if (shares === undefined) return null;
  const left = departures(timeline);
  const misses = shares.map((share, k) => (share === null ? 0 : Math.round((1 - share) * left[k]!)));
  const all = sum(misses);
  if (all === 0) return null;
  if (all === sum(left)) return { from: 0, to: runEnd(run), text: "Not one request met it, at any time." };
  const average = all / sum(left);
  const stretch = largestSum(misses.map((missed, k) => missed - average * left[k]!));
  const until = stretch.to + 1;
  const from = stretch.from * timeline.bucket_s;
  const to = Math.min(until * timeline.bucket_s, runEnd(run));
  const missed = sum(misses.slice(stretch.from, until));
  const finished = sum(left.slice(stretch.from, until));
  const waiting = Math.round(Math.max(...timeline.queued.slice(stretch.from, until)));
  const fleet = poolsOf(run).map((pool) => {
    const [least, most] = readyBetween(run, pool, from, to);
    const word = `${pool === "agg" ? "" : `${poolWords[pool].toLowerCase()} `}replica${most === 1 ? "" : "s"}`;
    return `${least === most ? most : `${least} to ${most}`} ${word}`;
  });
  if (missed === 0) return { from: 0, to: runEnd(run), text: "Misses are spread thinly over the whole run." };
  const where =
    to - from > 0.9 * runEnd(run)
      ? "Misses are spread over the whole run"
      : `${percent(missed / all)} of all misses fall between ${clock(from, to - from)} and ${clock(to, to - from)}`;
  return {
    from,
    to,
    text:
      `${where}: ${percent(missed / finished)} of the requests that finished then missed, ` +
      `${waiting >= 1 ? `up to ${count(waiting)} were waiting` : "hardly any was waiting"}, ${fleet.join(" and ")} ready.`,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The consecutive entries with the largest sum (Kadane's algorithm). */
function largestSum(values: readonly number[]): { readonly from: number; readonly to: number } {
  let best = { from: 0, to: 0, sum: -Infinity };
  let current = { from: 0, to: 0, sum: 0 };
  for (const [k, value] of values.entries()) {
    current = current.sum > 0 ? { ...current, to: k, sum: current.sum + value } : { from: k, to: k, sum: value };
    if (current.sum > best.sum) best = current;
  }
  return best;
}

/** Least and most ready replicas of a pool in a stretch of time. */
function readyBetween(run: RunPageData, pool: keyof RunPageData["timeline"]["replicas"], from: number, to: number) {
  const steps = run.timeline.replicas[pool]!;
  const counts = steps.active.filter((_, k) => steps.t_s[k]! < to && (steps.t_s[k + 1] ?? Infinity) > from);
  return [Math.min(...counts), Math.max(...counts)] as const;
}
