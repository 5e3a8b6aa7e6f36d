/** A place in a picture, px. */
export type Place = readonly [left: number, top: number];

/** Marks nearer than this cover each other's number. */
const nearest = 10;
const step = 17;
const perRow = 5;

/** Marks that would cover each other, side by side. */
export interface Cluster {
  /** Which of the marks. */
  readonly members: readonly number[];
  /** Where each of them is drawn. */
  readonly places: readonly Place[];
}

/**
 * Puts marks that coincide side by side, in rows of five around where they belong; the others stay where they are.
 * @param most the right and the lower edge that marks stay within, and the left and upper one
 */
export function spreadMarks(places: readonly Place[], least: Place, most: Place): Cluster[] {
  const clusters: { at: Place; members: number[] }[] = [];
  for (const [member, place] of places.entries()) {
    const near = clusters.find(({ at }) => Math.hypot(at[0] - place[0], at[1] - place[1]) < nearest);
    if (near === undefined) clusters.push({ at: place, members: [member] });
    else near.members.push(member);
  }
  return clusters.map(({ at, members }) => {
    if (members.length === 1) return { members, places: [at] };
    const columns = Math.min(perRow, members.length);
    const rows = Math.ceil(members.length / perRow);
    const begin = (k: 0 | 1, count: number) => {
      const extent = (count - 1) * step;
      return Math.max(least[k], Math.min(most[k] - extent, at[k] - extent / 2));
    };
    const [left, top] = [begin(0, columns), begin(1, rows)];
    return {
      members,
      places: members.map((_, i) => [left + (i % perRow) * step, top + Math.floor(i / perRow) * step] as const),
    };
  });
}
