import { SeededRandom } from "../random/seeded-random.ts";
import { AxisError, type Axis, type AxisValue } from "./axis.ts";

/** One combination of axis values. */
export interface SweepPoint {
  /** Place in the plan, from 0; the same for every shard. */
  readonly index: number;
  /** Value of each axis by key, in the order of the axes. */
  readonly values: Readonly<Record<string, AxisValue>>;
  /** Which repetition, from 0; each has a seed of its own. */
  readonly repeat: number;
}

/** How axes become points. */
export interface SweepDesign {
  readonly axes: readonly Axis[];
  /** Keys whose values go together instead of being crossed; every group's axes have equally many values. */
  readonly zipped: ReadonlyArray<readonly string[]>;
  /** Draw this many points instead of crossing all values; null = the whole grid. */
  readonly samples: number | null;
  readonly sampling: "random" | "latin-hypercube";
  readonly repeats: number;
  readonly seed: number;
}

const mostPoints = 10_000_000;

/**
 * The points of a sweep in their fixed order: the last axis varies fastest, repetitions fastest of all.
 * @throws AxisError where axes contradict each other
 */
export function sweepPoints(design: SweepDesign): SweepPoint[] {
  checkKeys(design);
  if (design.samples !== null && design.samples * design.repeats > mostPoints) {
    throw new AxisError(`--samples: ${design.samples * design.repeats} runs; at most ${mostPoints} are allowed`);
  }
  const combinations = design.samples === null ? grid(design) : sampled(design, design.samples);
  return combinations.flatMap((values, place) =>
    Array.from({ length: design.repeats }, (_, repeat) => ({ index: place * design.repeats + repeat, values, repeat })),
  );
}

function checkKeys({ axes, zipped, samples }: SweepDesign): void {
  const keys = axes.map((axis) => axis.key);
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice !== undefined) throw new AxisError(`--vary ${twice} is given twice`);
  if (samples !== null && zipped.length > 0) {
    throw new AxisError("--zip pairs values of a grid; it cannot be combined with --samples");
  }
  const members = zipped.flat();
  const shared = members.find((key, i) => members.indexOf(key) !== i);
  if (shared !== undefined) throw new AxisError(`--zip ${shared}: an axis can be zipped only once`);
  for (const key of members) {
    if (!keys.includes(key)) throw new AxisError(`--zip ${key}: no --vary of that name; there is ${keys.join(", ")}`);
  }
}

/** Axes that move together, with the rows of values they take. */
interface Track {
  readonly keys: readonly string[];
  readonly rows: ReadonlyArray<readonly AxisValue[]>;
}

function grid(design: SweepDesign): Array<Record<string, AxisValue>> {
  const tracks = tracksOf(design);
  const total = tracks.reduce((product, track) => product * track.rows.length, 1);
  if (total * design.repeats > mostPoints) {
    throw new AxisError(`the grid has ${total * design.repeats} runs; at most ${mostPoints} are allowed`);
  }
  let points: Array<Record<string, AxisValue>> = [{}];
  for (const { keys, rows } of tracks) {
    points = points.flatMap((point) =>
      rows.map((row) => ({ ...point, ...Object.fromEntries(keys.map((key, i) => [key, row[i]!])) })),
    );
  }
  return points;
}

function tracksOf({ axes, zipped }: SweepDesign): Track[] {
  const tracks: Track[] = [];
  const done = new Set<string>();
  for (const axis of axes) {
    if (done.has(axis.key)) continue;
    const group = zipped.find((keys) => keys.includes(axis.key)) ?? [axis.key];
    const members = group.map((key) => axes.find((candidate) => candidate.key === key)!);
    const columns = members.map(valuesOf);
    const uneven = columns.findIndex((column) => column.length !== columns[0]!.length);
    if (uneven >= 0) {
      throw new AxisError(
        `--zip: ${group[0]} has ${columns[0]!.length} values, ${group[uneven]} has ${columns[uneven]!.length}; they must be equally many`,
      );
    }
    for (const key of group) done.add(key);
    tracks.push({ keys: group, rows: columns[0]!.map((_, row) => columns.map((column) => column[row]!)) });
  }
  return tracks;
}

function valuesOf({ key, range }: Axis): readonly AxisValue[] {
  if (range.kind === "values") return range.values;
  throw new AxisError(`--vary ${key}: a uniform range has no grid; add --samples N or give values`);
}

/** Draws points: independently, or one from each of N equal slices of every axis (McKay, Beckman and Conover, 1979). */
function sampled({ axes, sampling, seed }: SweepDesign, count: number): Array<Record<string, AxisValue>> {
  const random = new SeededRandom(seed);
  const points: Array<Record<string, AxisValue>> = Array.from({ length: count }, () => ({}));
  for (const { key, range } of axes) {
    const slices = shuffled(count, random);
    for (let i = 0; i < count; i++) {
      const share = sampling === "random" ? random.uniform() : (slices[i]! + random.uniform()) / count;
      points[i]![key] = at(range, share);
    }
  }
  return points;
}

function at(range: Axis["range"], share: number): AxisValue {
  if (range.kind === "values")
    return range.values[Math.min(range.values.length - 1, Math.floor(share * range.values.length))]!;
  const { low, high, scale } = range;
  const value = scale === "linear" ? low + (high - low) * share : low * (high / low) ** share;
  return Number(value.toPrecision(12));
}

function shuffled(count: number, random: SeededRandom): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = random.integer(i + 1);
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}

/** The points shard `index` of `count` runs: every count-th one. */
export function shardOf(points: readonly SweepPoint[], index: number, count: number): SweepPoint[] {
  return points.filter((point) => point.index % count === index);
}
