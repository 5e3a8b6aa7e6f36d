/** A place in a picture, px. */
export type Place = readonly [left: number, top: number];

/** Marks nearer than this are taken for one place. */
const nearest = 4;
const step = 17;
const perRow = 5;

/** Marks of one place, side by side. */
export interface Cluster {
  /** Which of the marks. */
  readonly members: readonly number[];
  /** Where each of them is drawn. */
  readonly places: readonly Place[];
}

/**
 * Puts marks that coincide side by side: the first where they belong, the others right of and below it, where a setting is
 * worse, so that no mark looks better than it is. The others stay where they are.
 * @param most the right and the lower edge that marks stay within; where there is no room they go to the left and up
 */
export function spreadMarks(places: readonly Place[], most: Place): Cluster[] {
  const clusters: { at: Place; members: number[] }[] = [];
  for (const [member, place] of places.entries()) {
    const near = clusters.find(({ at }) => Math.hypot(at[0] - place[0], at[1] - place[1]) < nearest);
    if (near === undefined) clusters.push({ at: place, members: [member] });
    else near.members.push(member);
  }
  return clusters.map(({ at, members }) => {
    if (members.length === 1) return { members, places: [at] };
    const room = Math.max(1, Math.floor((most[0] - at[0]) / step) + 1);
    const columns = Math.min(perRow, room, members.length);
    const rows = Math.ceil(members.length / columns);
    const left = Math.min(at[0], most[0] - (columns - 1) * step);
    const top = Math.min(at[1], most[1] - (rows - 1) * step);
    return {
      members,
      places: members.map((_, i) => [left + (i % columns) * step, top + Math.floor(i / columns) * step] as const),
    };
  });
}
