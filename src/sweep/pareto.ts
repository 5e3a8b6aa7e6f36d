/**
 * Places of the runs that no other run dominates: none costs at most as much and is at least as good, and better in one
 * of the two. Runs without either figure are never part of it.
 * @param cost less is better
 * @param benefit more is better
 * @returns places by rising cost
 */
export function paretoFront(cost: ReadonlyArray<number | null>, benefit: ReadonlyArray<number | null>): number[] {
  const places = cost.flatMap((value, place) => (value === null || (benefit[place] ?? null) === null ? [] : [place]));
  places.sort((a, b) => cost[a]! - cost[b]! || benefit[b]! - benefit[a]!);
  const front: number[] = [];
  for (const place of places) {
    const last = front.at(-1);
    const equal = last !== undefined && cost[last] === cost[place] && benefit[last] === benefit[place];
    if (last === undefined || benefit[place]! > benefit[last]! || equal) front.push(place);
  }
  return front;
}
