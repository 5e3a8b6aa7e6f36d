import { NormalEquations } from "../dynamo/normal-equations.ts";
import type { PassLoad } from "../dynamo/pass-kind.ts";
import { passKindOf } from "../dynamo/pass-kind.ts";
import type { PassTimeModel } from "../dynamo/pass-time-regression.ts";

interface Sample {
  readonly row: readonly [one: number, prefill: number, requests: number, context: number];
  readonly passMs: number;
}

/** Errors of passes shorter than this count as if it were that long, ms. */
const leastScaleMs = 5;

/** Every choice of columns, those without the intercept first: on a tie load explains time, not the clock. */
const choices: readonly (readonly number[])[] = Array.from({ length: 15 }, (_, i) => i + 1)
  .map((bits) => [0, 1, 2, 3].filter((column) => (bits & (1 << column)) !== 0))
  .toSorted((a, b) => Number(a.includes(0)) - Number(b.includes(0)) || a.length - b.length);

/**
 * Pass times as physics has them: a pass costs a constant, so much a prompt token, so much a decode request and so much a
 * token of their context, none of it negative. Passes of all kinds teach one curve, so prefill-only and decode-only sweeps
 * say something of mixed passes, and a load that never varies still has a price. No pass is shorter than the shortest
 * seen. (Mends planner-reference §7.1–3: intercepts far below zero, kinds that never get a sample, saturated engines.)
 */
export class PhysicalPassTimes implements PassTimeModel {
  private readonly maxSamples: number;
  private readonly minSamples: number;
  /** The profile it starts from; kept, so that a narrow live load does not unlearn the rest. */
  private readonly profile: Sample[] = [];
  private live: Sample[] = [];
  /** null = nothing fits; undefined = not fitted since the last pass was learned. */
  private coefficients: readonly number[] | null | undefined;
  private shortestMs = Infinity;

  constructor({ maxSamples, minSamples }: { readonly maxSamples: number; readonly minSamples: number }) {
    this.maxSamples = maxSamples;
    this.minSamples = minSamples;
  }

  /** Learns a pass of a profile made before the run. */
  learnProfile(load: PassLoad, passMs: number): void {
    this.add(this.profile, load, passMs);
  }

  learn(load: PassLoad, passMs: number): void {
    this.add(this.live, load, passMs);
    if (this.live.length > this.maxSamples) this.live = this.live.slice(-this.maxSamples);
  }

  passMs(load: PassLoad): number | null {
    if (passKindOf(load) === null) return 0;
    const coefficients = this.fitted();
    if (coefficients === null) return null;
    const ms = rowOf(load).reduce((sum, value, i) => sum + value * coefficients[i]!, 0);
    return Math.max(ms, this.shortestMs);
  }

  isReady(): boolean {
    return this.fitted() !== null;
  }

  sampleCount(): number {
    return this.profile.length + this.live.length;
  }

  private add(samples: Sample[], load: PassLoad, passMs: number): void {
    if (passKindOf(load) === null || !(passMs > 0)) return;
    samples.push({ row: rowOf(load), passMs });
    this.shortestMs = Math.min(this.shortestMs, passMs);
    this.coefficients = undefined;
  }

  private fitted(): readonly number[] | null {
    if (this.coefficients === undefined) {
      this.coefficients = this.sampleCount() < this.minSamples ? null : fit([...this.profile, ...this.live]);
    }
    return this.coefficients;
  }
}

function rowOf({ prefillTokens, decodeRequests, decodeKvTokens }: PassLoad): Sample["row"] {
  return [1, prefillTokens, decodeRequests, decodeKvTokens];
}

/** Least squares of relative errors with coefficients of at least 0: every choice of columns is tried. */
function fit(samples: readonly Sample[]): readonly number[] | null {
  const equations = new NormalEquations(4);
  const weighted = samples.map(({ row, passMs }) => {
    const weight = 1 / Math.max(leastScaleMs, passMs);
    return { row: row.map((value) => value * weight), target: passMs * weight };
  });
  for (const { row, target } of weighted) equations.add(row, target);
  let best: { readonly coefficients: number[]; readonly error: number } | null = null;
  for (const columns of choices) {
    const solution = equations.solve(columns);
    if (solution === null || solution.some((value) => !(value >= 0))) continue;
    const coefficients = [0, 0, 0, 0];
    columns.forEach((column, i) => (coefficients[column] = solution[i]!));
    const error = weighted.reduce(
      (sum, { row, target }) => sum + (row.reduce((ms, value, i) => ms + value * coefficients[i]!, 0) - target) ** 2,
      0,
    );
    if (best === null || error < best.error * (1 - 1e-6) - 1e-12) best = { coefficients, error };
  }
  return best?.coefficients ?? null;
}
