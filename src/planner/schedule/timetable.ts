import type { CronTimes } from "./cron.ts";

/** Replicas from a moment on, until the next entry takes over. */
export type TimetableEntry =
  | { readonly atSeconds: number; readonly replicas: number }
  | { readonly cron: CronTimes; readonly line: string; readonly replicas: number };

/** What a timetable says at a time. */
export interface TimetableState {
  /** null = no entry has begun yet. */
  readonly replicas: number | null;
  /** What set it: `12:00` of a cron line, or the second; null as above. */
  readonly since: string | null;
  /** Simulated seconds of the next change; null = none. */
  readonly nextSeconds: number | null;
}

/**
 * A timetable at a simulated time: the entry that began last holds; of entries that began together the later listed.
 * Times of day are as of `clockStart` (seconds since 1970 of simulated second 0); `repeatSeconds` repeats entries of
 * simulated seconds.
 */
export function timetableAt(
  entries: readonly TimetableEntry[],
  nowSeconds: number,
  clockStart: number,
  repeatSeconds: number | null,
): TimetableState {
  let latest = -Infinity;
  let state: { replicas: number; since: string } | null = null;
  let next = Infinity;
  for (const entry of entries) {
    const [began, begins, since] =
      "cron" in entry ? cronMoments(entry, nowSeconds, clockStart) : secondMoments(entry, nowSeconds, repeatSeconds);
    if (begins !== null) next = Math.min(next, begins);
    if (began === null || began < latest) continue;
    latest = began;
    state = { replicas: entry.replicas, since };
  }
  return {
    replicas: state?.replicas ?? null,
    since: state?.since ?? null,
    nextSeconds: next === Infinity ? null : next,
  };
}

type Moments = readonly [began: number | null, begins: number | null, since: string];

function cronMoments({ cron, line }: { cron: CronTimes; line: string }, now: number, clockStart: number): Moments {
  const last = cron.lastAt(clockStart + now);
  const next = cron.nextAfter(clockStart + now);
  return [last === null ? null : last - clockStart, next === null ? null : next - clockStart, `"${line}"`];
}

function secondMoments({ atSeconds }: { atSeconds: number }, now: number, repeat: number | null): Moments {
  const since = `second ${atSeconds}`;
  if (repeat === null) return [atSeconds <= now ? atSeconds : null, atSeconds > now ? atSeconds : null, since];
  const rounds = Math.floor((now - atSeconds) / repeat);
  const last = atSeconds + rounds * repeat;
  return [last < 0 ? null : last, last + repeat, since];
}
