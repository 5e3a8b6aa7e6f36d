import * as fc from "../../../test/seeded-properties.ts";
import { expect, it } from "vitest";
import { badgeRadius, placeBadges, pointRadius, type Place } from "./place-badges.ts";

const frame = { left: 50, top: 12, right: 320, bottom: 205 };
/** Badges in the order of their points. */
function badgesOf(points: readonly Place[]): Place[] {
  const places: Place[] = [];
  for (const group of placeBadges(points, frame)) {
    for (const [i, member] of group.members.entries()) places[member] = group.places[i]!;
  }
  return places;
}
const distance = (a: Place, b: Place) => Math.hypot(a[0] - b[0], a[1] - b[1]);

it("leaves badges on their points where nothing is in the way", () => {
  const points: Place[] = [
    [100, 50],
    [118, 50],
    [300, 200],
  ];
  expect(badgesOf(points)).toEqual(points);
});

it("puts badges of points that are close or coincide beside them, where a setting is worse", () => {
  const points: Place[] = [[110, 60], [116, 64], [121, 58], ...Array.from({ length: 12 }, (): Place => [200, 40])];
  const badges = badgesOf(points);
  for (const [i, [left, top]] of badges.entries()) {
    expect(left).toBeGreaterThanOrEqual(points[i]![0] - 1e-9);
    expect(top).toBeGreaterThanOrEqual(points[i]![1] - 1e-9);
  }
  expect(badges.slice(0, 3).every((badge, i) => distance(badge, points[i]!) > badgeRadius)).toBe(true);
});

it("covers no point of another setting", () => {
  for (const apart of [5, 8, 10, 11]) {
    const points: Place[] = [
      [100, 50],
      [100 + apart, 50],
    ];
    for (const [i, badge] of badgesOf(points).entries()) {
      expect(distance(badge, points[1 - i]!)).toBeGreaterThan(badgeRadius + pointRadius);
    }
  }
});

it("keeps badges apart, readable and within the frame, however close their points", () => {
  const place = fc.tuple(fc.double({ min: 0, max: 70, noNaN: true }), fc.double({ min: 0, max: 70, noNaN: true }));
  const crowd = fc.tuple(
    fc.array(place, { minLength: 1, maxLength: 8 }),
    fc.constantFrom<Place>([60, 20], [150, 100], [248, 130]),
  );
  fc.assert(
    fc.property(crowd, ([offsets, at]) => {
      const points = offsets.map(([x, y]): Place => [at[0] + x, at[1] + y]);
      const badges = badgesOf(points);
      for (const [i, badge] of badges.entries()) {
        expect(badge[0]).toBeLessThanOrEqual(frame.right);
        expect(badge[1]).toBeLessThanOrEqual(frame.bottom);
        for (const other of badges.slice(i + 1)) expect(distance(badge, other)).toBeGreaterThan(2 * badgeRadius);
        for (const point of points) {
          const isOwn = distance(point, points[i]!) < 8;
          if (!isOwn) expect(distance(badge, point)).toBeGreaterThan(badgeRadius + pointRadius);
        }
      }
    }),
  );
});
