/** A value of the varied quantity and the mean SLA attainment of its runs, 0..1. */
export interface AttainmentAt {
  readonly value: number;
  readonly attainment: number;
}

/** Where SLA attainment falls below a threshold along an axis. */
export interface Cliff {
  /** First value below the threshold; null = none is. */
  readonly first: AttainmentAt | null;
  /** The value before it, still holding; null when the first value fails already or none fails. */
  readonly before: AttainmentAt | null;
  /** Values after the cliff that hold again. */
  readonly recovered: readonly AttainmentAt[];
}

/** Finds the cliff; the points may come in any order. */
export function findCliff(points: readonly AttainmentAt[], threshold: number): Cliff {
  const ordered = points.toSorted((a, b) => a.value - b.value);
  const at = ordered.findIndex((point) => point.attainment < threshold);
  if (at < 0) return { first: null, before: null, recovered: [] };
  return {
    first: ordered[at]!,
    before: ordered[at - 1] ?? null,
    recovered: ordered.slice(at + 1).filter((point) => point.attainment >= threshold),
  };
}

/** The cliff as sentences, e.g. "SLA attainment first falls below 90 % at startup_time = 10 (72.7 %)." */
export function cliffWords(cliff: Cliff, key: string, threshold: number): string {
  const bar = percentOf(threshold, 6);
  const told = (share: number) => shareWords(share, threshold);
  const { first, before, recovered } = cliff;
  if (first === null) return `SLA attainment stays at or above ${bar} for every ${key}.`;
  const start =
    before === null
      ? `SLA attainment is below ${bar} from the first value on: ${told(first.attainment)} at ${key} = ${first.value}.`
      : `SLA attainment first falls below ${bar} at ${key} = ${first.value} (${told(first.attainment)}; ${told(before.attainment)} at ${before.value}).`;
  if (recovered.length === 0) return before === null ? start : `${start} It does not come back.`;
  const shown = recovered.slice(0, 5).map((point) => `${point.value} (${told(point.attainment)})`);
  const more = recovered.length > shown.length ? ` and ${recovered.length - shown.length} more` : "";
  return `${start} It is back at or above ${bar} at ${shown.join(", ")}${more}: not one clean edge.`;
}

/** To a tenth of a percent, or to as many digits as tell it from the bar and from all. */
function shareWords(share: number, threshold: number): string {
  const side = (one: number) => [one < threshold, one < 1].join();
  const digits = [1, 2, 3, 4, 5].find((count) => side(Number((share * 100).toFixed(count)) / 100) === side(share));
  return percentOf(share, digits ?? 6);
}

function percentOf(share: number, digits: number): string {
  return `${Number((share * 100).toFixed(digits))} %`;
}
