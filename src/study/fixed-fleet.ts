/** A fleet that never changes: the workers of an aggregated one, or of the two pools of a disaggregated one. */
export type FixedFleet =
  | { readonly numWorkers: number }
  | { readonly numPrefillWorkers: number; readonly numDecodeWorkers: number };

/** A fleet as plans write it: `4`, or `3p1d` for three prefill and one decode workers; null for anything else. */
export function fixedFleet(written: string): FixedFleet | null {
  const match = /^([1-9]\d{0,5})(?:p([1-9]\d{0,5})d)?$/.exec(written);
  if (match === null) return null;
  const [, first, decode] = match;
  return decode === undefined
    ? { numWorkers: Number(first) }
    : { numPrefillWorkers: Number(first), numDecodeWorkers: Number(decode) };
}

/** Name of a run of a fixed fleet. */
export function staticName(fleet: FixedFleet): string {
  return "numWorkers" in fleet
    ? `fixed-${fleet.numWorkers}`
    : `fixed-${fleet.numPrefillWorkers}p${fleet.numDecodeWorkers}d`;
}

/** The fixed fleet by the name of its run; null for any other name. */
export function staticFleet(name: string): FixedFleet | null {
  return name.startsWith("fixed-") ? fixedFleet(name.slice("fixed-".length)) : null;
}

/** Workers in all, by which fixed fleets are put in order. */
export function fleetSize(fleet: FixedFleet): number {
  return "numWorkers" in fleet ? fleet.numWorkers : fleet.numPrefillWorkers + fleet.numDecodeWorkers;
}
