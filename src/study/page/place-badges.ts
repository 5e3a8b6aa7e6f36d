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

/** Badges of one point, side by side: the first of them on the point, or tied to it. */
export interface BadgeGroup {
  /** Which of the points. */
  readonly members: readonly number[];
  readonly point: Place;
  /** Of the badge of each member. */
  readonly places: readonly Place[];
}

/** What a group costs that stands better than its point, and a line that crosses something, in px of distance. */
const betterCost = 1000;
const crossingCost = 300;
const perRow = 5;

/**
 * Where the badges of points go: onto their points where no other point or badge is in the way, else beside them, to be
 * tied to them by a line; those of points that coincide side by side. Beside means right of and below the point, where a
 * setting is worse, so that no mark looks better than it is; only where there is no room left it means anywhere.
 */
export function placeBadges(points: readonly Place[], frame: Frame): BadgeGroup[] {
  const crowds: Crowd[] = [];
  for (const [member, point] of points.entries()) {
    const near = crowds.find((crowd) => distance(crowd.point, point) < nearest);
    if (near === undefined) crowds.push({ point, members: [member] });
    else near.members.push(member);
  }
  // Who comes first has more to choose from: the order that suits all best is taken.
  const tried = orders.map((rank) => {
    const groups: BadgeGroup[] = [];
    for (const crowd of crowds.toSorted((a, b) => rank(a) - rank(b))) groups.push(place(crowd, crowds, groups, frame));
    return { groups, cost: groups.reduce((sum, group, i) => sum + costOf(group, groups.slice(0, i)), 0) };
  });
  return tried.reduce((a, b) => (b.cost < a.cost ? b : a)).groups;
}

/** Points taken for one. */
interface Crowd {
  readonly point: Place;
  readonly members: number[];
}

const orders: ReadonlyArray<(crowd: Crowd) => number> = [
  () => 0,
  ({ members }) => -members.length,
  ({ point: [left, top] }) => -left - top,
  ({ point: [left, top] }) => left + top,
  ({ point: [left] }) => -left,
  ({ point: [, top] }) => -top,
  ({ point: [left, top] }) => left - top,
  ({ point: [left, top] }) => top - left,
];

function costOf(group: BadgeGroup, others: readonly BadgeGroup[]): number {
  const [first] = group.places as [Place];
  const isBetter = group.places.some(
    ([left, top]) => left < group.point[0] - tolerance || top < group.point[1] - tolerance,
  );
  const crosses = !isClear(group, others);
  return distance(group.point, first) + (isBetter ? betterCost : 0) + (crosses ? crossingCost : 0);
}

function place(crowd: Crowd, crowds: readonly Crowd[], groups: readonly BadgeGroup[], frame: Frame): BadgeGroup {
  const isInside = ([left, top]: Place): boolean =>
    left >= frame.left && left <= frame.right && top >= frame.top && top <= frame.bottom;
  const beside = (angles: readonly number[]): Place[] =>
    distances.flatMap((far) => angles.map((angle) => away(crowd.point, far, angle)));
  const wishes = [crowd.point, ...beside(worse), ...beside(others)].map((first) => besideEachOther(crowd, first));
  const free = wishes.filter(({ places }) => places.every(isInside) && isFree(places, crowd, crowds, groups));
  // Where every line would cross something, one that does is better than a badge nobody can read.
  return free.find((group) => isClear(group, groups)) ?? free[0] ?? wishes[0]!;
}

function besideEachOther({ point, members }: Crowd, [left, top]: Place): BadgeGroup {
  const places = members.map((_, i): Place => [left + (i % perRow) * apart, top + Math.floor(i / perRow) * apart]);
  return { members, point, places };
}

/** Whether badges cover no other badges and no point of others. */
function isFree(
  places: readonly Place[],
  own: Crowd,
  crowds: readonly Crowd[],
  groups: readonly BadgeGroup[],
): boolean {
  const taken = groups.flatMap((group) => group.places);
  const points = crowds.filter((crowd) => crowd !== own).map(({ point }) => point);
  return places.every(
    (badge) =>
      taken.every((other) => distance(other, badge) >= apart) &&
      points.every((point) => distance(point, badge) >= badgeRadius + pointRadius + gap),
  );
}

/** Whether neither the line of a group runs under others, nor theirs under it. */
function isClear(group: BadgeGroup, groups: readonly BadgeGroup[]): boolean {
  const isApart = (badges: readonly Place[], { point, places }: BadgeGroup) =>
    badges.every((badge) => distanceTo(badge, point, places[0]!) >= badgeRadius + gap);
  return groups.every((other) => isApart(other.places, group) && isApart(group.places, other));
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
