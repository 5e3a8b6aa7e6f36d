import type { Rehearsal, RehearsedRun } from "../planner.ts";
import { cheapestSchedule, missesIn } from "./cheapest-schedule.ts";
import type { FixedFleetRun, ScheduleTerms } from "./cheapest-schedule.ts";
import { ScheduleFollower } from "./replica-schedule.ts";

/** What is looked for, and within what. */
export interface SearchTerms extends ScheduleTerms {
  /** Share of the requests to be served within the bounds, of the share the largest fleet serves so; 0..1. */
  readonly goal: number;
  readonly sla: { readonly ttftMs: number | null; readonly itlMs: number | null };
  readonly least: number;
  readonly most: number;
  /** Most schedules played in full. */
  readonly rehearsals: number;
}

/** A schedule that was played, and how it went. */
export interface PlayedSchedule {
  readonly replicas: readonly number[];
  readonly met: number;
  readonly gpuSeconds: number;
}

/** The schedule a search settled on, and how far from the goal the largest fleet stays. */
export interface SearchResult {
  /** The cheapest that keeps the goal; the one that serves most when none does. */
  readonly best: PlayedSchedule;
  /** Requests to be met, and met by the largest fleet. */
  readonly wantedMet: number;
  readonly ceilingMet: number;
  readonly rehearsals: number;
}

/** Sizes of fixed fleets that are tried; they stop where more replicas change nothing. */
const fleetSizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 64, 80, 100, 128];
/** Share of the requests by which a larger fleet must serve more to be worth a try of the next. */
const leastGain = 0.0005;

/**
 * Looks for the cheapest replica schedule that keeps a goal, with the trace known: fixed fleets tell what each segment
 * of time needs; prices for a miss are tried by bisection, each giving the schedule cheapest under it; the best is then
 * thinned out where that costs least. Every candidate is played in full, so what it is said to cost is what it costs.
 * A bound that was found, not one that was proved.
 */
export function searchSchedule(rehearsal: Rehearsal, terms: SearchTerms): SearchResult {
  const search = new ScheduleSearch(rehearsal, terms);
  search.priceMisses();
  search.thinOut();
  return search.result();
}

class ScheduleSearch {
  private readonly rehearsal: Rehearsal;
  private readonly terms: SearchTerms;
  private readonly fleets: FixedFleetRun[] = [];
  private readonly ceilingMet: number;
  private readonly wantedMet: number;
  private best: PlayedSchedule | null = null;
  private most: PlayedSchedule | null = null;
  private played = 0;

  constructor(rehearsal: Rehearsal, terms: SearchTerms) {
    this.rehearsal = rehearsal;
    this.terms = terms;
    this.ceilingMet = this.playFixedFleets();
    this.wantedMet = terms.goal * this.ceilingMet;
  }

  /** Bisects the price of a miss, by its logarithm. */
  priceMisses(): void {
    let low = Math.log(0.01);
    let high = Math.log(100_000);
    for (let step = 0; step < 14 && this.played < this.terms.rehearsals; step++) {
      const middle = (low + high) / 2;
      const schedule = cheapestSchedule(this.fleets, Math.exp(middle), this.terms);
      if (this.play(schedule).met >= this.wantedMet) high = middle;
      else low = middle;
    }
  }

  /** Takes single replicas out of the segments that should miss them least, as many as the goal allows. */
  thinOut(): void {
    while (this.best !== null && this.played < this.terms.rehearsals) {
      const from = this.best;
      const order = this.leastMissed(from.replicas);
      let fits = 0;
      let fails = order.length + 1;
      let tries = Math.min(order.length, Math.ceil(order.length / 8));
      while (fails - fits > 1 && this.played < this.terms.rehearsals) {
        const thinner = [...from.replicas];
        for (const segment of order.slice(0, tries)) thinner[segment]!--;
        if (this.play(thinner).met >= this.wantedMet) fits = tries;
        else fails = tries;
        tries = (fits + fails) >> 1;
        if (tries === fits) break;
      }
      if (this.best === from) return;
    }
  }

  result(): SearchResult {
    const best = this.best ?? this.most!;
    return { best, wantedMet: this.wantedMet, ceilingMet: this.ceilingMet, rehearsals: this.played };
  }

  private play(replicas: readonly number[]): PlayedSchedule {
    const { segmentSeconds, startupSeconds, initialReplicas, sla } = this.terms;
    const follower = new ScheduleFollower({ segmentSeconds, replicas }, startupSeconds);
    const run = this.rehearsal.play(initialReplicas, follower, sla);
    const played = { replicas, met: metIn(run), gpuSeconds: run.gpuSeconds };
    this.played++;
    if (this.most === null || played.met > this.most.met) this.most = played;
    const keeps = played.met >= this.wantedMet;
    if (keeps && (this.best === null || played.gpuSeconds < this.best.gpuSeconds)) this.best = played;
    return played;
  }

  /** @returns requests met by the best of them */
  private playFixedFleets(): number {
    const { least, most, sla, segmentSeconds } = this.terms;
    let ceiling = 0;
    let idle = 0;
    const sizes = fleetSizes.filter((workers) => workers >= least && workers <= most);
    for (const workers of sizes.length > 0 ? sizes : [least]) {
      const run = this.rehearsal.play(workers, null, sla);
      const met = metIn(run);
      idle = met < ceiling + leastGain * run.met.length ? idle + 1 : 0;
      ceiling = Math.max(ceiling, met);
      this.fleets.push({ workers, misses: missesBySegment(run, segmentSeconds) });
      if (idle >= 3) break;
    }
    return ceiling;
  }

  /** Segments that have a replica to spare, those first that would miss fewest more requests with one less. */
  private leastMissed(replicas: readonly number[]): number[] {
    const loss = (segment: number): number => {
      const at = this.fleets.findIndex(({ workers }) => workers >= replicas[segment]!);
      const fleet = this.fleets[at < 0 ? this.fleets.length - 1 : at]!;
      const smaller = this.fleets[Math.max(0, (at < 0 ? this.fleets.length : at) - 1)]!;
      const fewer = Math.max(1, fleet.workers - smaller.workers);
      return (missesIn(smaller, segment) - missesIn(fleet, segment)) / fewer;
    };
    return replicas
      .map((count, segment) => ({ count, segment, loss: loss(segment) }))
      .filter(({ count }) => count > this.terms.least)
      .toSorted((a, b) => a.loss - b.loss || a.segment - b.segment)
      .map(({ segment }) => segment);
  }
}

function metIn({ met }: RehearsedRun): number {
  let sum = 0;
  for (const one of met) sum += one;
  return sum;
}

function missesBySegment({ arrivalSeconds, met }: RehearsedRun, segmentSeconds: number): Float64Array {
  let last = 0;
  for (const at of arrivalSeconds) if (at > last) last = at;
  const misses = new Float64Array(Math.floor(last / segmentSeconds) + 1);
  for (let i = 0; i < met.length; i++) {
    const at = arrivalSeconds[i]!;
    if (met[i] === 0 && at >= 0) misses[Math.floor(at / segmentSeconds)]!++;
  }
  return misses;
}
