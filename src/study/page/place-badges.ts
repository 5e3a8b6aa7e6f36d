/** A place in a picture, px. */
export type Place = readonly [left: number, top: number];

/** Edges badges stay within, px. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Of a badge: the disc with a number. */
export const badgeRadius = 7.5;
/** Of the point a badge beside it belongs to. */
export const pointRadius = 2.6;
/** Between middles of badges, and between anything else and a badge's edge. */
const apart = 2 * badgeRadius + 1.5;
const gap = 1.5;

const tolerance = 0.01;
/** Points nearer than this are taken for one. */
const nearest = 4;

/** Ways to look for room, the nearest first: right and below, where a setting is worse, before anything else. */
const distances = [16, 22, 28, 36, 44, 54, 66, 80, 96];
const worse = [20, 45, 70, 0, 90, 32, 58, 10, 80];
const others = [-25, 115, -50, 140, -75, 165, 190, -100, 220, -130];

/** What a badge costs that stands better than its point, and a line that crosses something, in px of distance. */
const betterCost = 1000;
const crossingCost = 300;

/**
 * Where the badges of points go: onto their points where no other point or badge is in the way, else beside them, to be
 * tied to them by a line; those of points that coincide in a row. Beside means right of and below the point, where a setting
 * is worse, so that no mark looks better than it is; only where there is no room left it means anywhere.
 */
export function placeBadges(points: readonly Place[], frame: Frame): Place[] {
  // Who comes first has more to choose from: the order that suits all best is taken.
  const tried = orders.map((rank) => {
    const order = points.map((_, i) => i).toSorted((a, b) => rank(points[a]!) - rank(points[b]!));
    const ordered = order.map((i) => points[i]!);
    const badges = placeInOrder(ordered, frame);
    return { badges: points.map((_, i) => badges[order.indexOf(i)]!), cost: costOf(ordered, badges) };
  });
  return tried.reduce((a, b) => (b.cost < a.cost ? b : a)).badges;
}

const orders: ReadonlyArray<(point: Place) => number> = [
  () => 0,
  ([left, top]) => -left - top,
  ([left, top]) => left + top,
  ([left]) => -left,
  ([, top]) => -top,
  ([left, top]) => left - top,
  ([left, top]) => top - left,
];

function costOf(points: readonly Place[], badges: readonly Place[]): number {
  return badges.reduce((sum, badge, i) => {
    const point = points[i]!;
    const isBetter = badge[0] < point[0] - tolerance || badge[1] < point[1] - tolerance;
    const crosses = !isClear(badge, i, points, badges.slice(0, i));
    return sum + distance(point, badge) + (isBetter ? betterCost : 0) + (crosses ? crossingCost : 0);
  }, 0);
}

function placeInOrder(points: readonly Place[], frame: Frame): Place[] {
  const badges: Place[] = [];
  const isInside = ([left, top]: Place): boolean =>
    left >= frame.left && left <= frame.right && top >= frame.top && top <= frame.bottom;
  for (const [own, point] of points.entries()) {
    const beside = (angles: readonly number[]): Place[] =>
      distances.flatMap((far) => angles.map((angle) => away(point, far, angle)));
    const last = badges.findLastIndex((_, i) => coincide(points[i]!, point));
    const wishes = [point, ...(last < 0 ? [] : [next(points[last]!, badges[last]!)]), ...beside(worse)];
    const free = [...wishes, ...beside(others)].filter(
      (place) => isInside(place) && isFree(place, own, points, badges),
    );
    // Where every line would cross something, one that does is better than a badge nobody can read.
    badges.push(free.find((place) => isClear(place, own, points, badges)) ?? free[0] ?? point);
  }
  return badges;
}

/** Whether a badge covers no other badge and no point of another. */
function isFree(place: Place, own: number, points: readonly Place[], badges: readonly Place[]): boolean {
  return (
    badges.every((other) => distance(other, place) >= apart) &&
    points.every((point, i) => i === own || distance(point, place) >= badgeRadius + pointRadius + gap)
  );
}

/** Whether neither the line of a badge runs under others, nor theirs under it; those of one point share a line. */
function isClear(place: Place, own: number, points: readonly Place[], badges: readonly Place[]): boolean {
  const point = points[own]!;
  const least = badgeRadius + gap;
  return badges.every(
    (other, i) =>
      coincide(points[i]!, point) ||
      (distanceTo(other, point, place) >= least && distanceTo(place, points[i]!, other) >= least),
  );
}

function coincide(a: Place, b: Place): boolean {
  return distance(a, b) < nearest;
}

/** The place behind a badge, in its direction. */
function next(point: Place, badge: Place): Place {
  const far = distance(point, badge);
  const longer = (far + apart) / far;
  return [point[0] + (badge[0] - point[0]) * longer, point[1] + (badge[1] - point[1]) * longer];
}

function away([left, top]: Place, far: number, degrees: number): Place {
  const angle = (degrees * Math.PI) / 180;
  return [left + far * Math.cos(angle), top + far * Math.sin(angle)];
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** From a place to the nearest one of a straight line between two others. */
function distanceTo(place: Place, from: Place, to: Place): number {
  const [across, down] = [to[0] - from[0], to[1] - from[1]];
  const length = across ** 2 + down ** 2;
  const along = length === 0 ? 0 : ((place[0] - from[0]) * across + (place[1] - from[1]) * down) / length;
  const at = Math.max(0, Math.min(1, along));
  return distance(place, [from[0] + at * across, from[1] + at * down]);
}
