import { element } from "../../report/page/dom.ts";
import { percent, shareTick } from "../../report/page/format.ts";
import { linearScale, type Scale } from "../../sweep/page/scale.ts";
import { saveSvgButton } from "../../sweep/page/save-svg.ts";
import { svg } from "../../sweep/page/svg.ts";
import { frontOf } from "../oracle-bound.ts";
import type { StudyCell, StudyEntry } from "../study-cells.ts";
import { colorOf } from "./legend.ts";
import { badgeRadius, placeBadges, pointRadius, type BadgeGroup, type Place } from "./place-badges.ts";

const height = 290;
const frame = { left: 46, right: 14, top: 12, bottom: 38 };

const bottom = height - frame.bottom;

interface PolicyMark {
  readonly entry: StudyEntry;
  readonly point: Point;
}

type Point = readonly [gpuHours: number, attainment: number];

/** Policies of a cell as numbered marks, the best fixed fleets and the oracle's bound as lines. */
export function cellChart(cell: StudyCell, names: readonly string[], width: number): HTMLElement {
  const title = `${cell.trace}, start-up ${cell.startupSeconds} s${cell.seed === 0 ? "" : `, seed ${cell.seed}`}`;
  const unit = element("span", { class: "unit", text: "SLA met" });
  const figure: HTMLElement = element("figure", {
    class: "sweep-chart",
    attributes: { "data-chart": `${cell.trace}/${cell.startupSeconds}/${cell.seed}` },
    children: [element("figcaption", { children: [element("h3", { text: title, children: [unit] })] })],
  });
  const curves = cellCurves(cell);
  const all = [...curves.marks.map(({ point }) => point), ...curves.fixed, ...curves.oracle];
  if (all.length === 0) {
    figure.append(element("p", { class: "note", text: "No run has these figures." }));
    return figure;
  }
  const right = width - frame.right;
  const x = linearScale(
    all.map(([hours]) => hours),
    frame.left + 10,
    right - 18,
  );
  const y = linearScale(attainments(all, cell.ceiling), bottom - 8, frame.top + 6, { write: shareTick });
  const root = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${title}: attainment by GPU-hours`,
  });
  root.append(
    ...axes(x, y, right),
    ...level(cell.ceiling, y, right),
    ...curve(curves.fixed, x, y, "c-grey", "fixed fleets"),
    ...curve(curves.oracle, x, y, "c-green dash", "oracle's bound"),
    ...policyMarks(curves.marks, names, x, y, width),
  );
  figure.firstElementChild?.append(saveSvgButton(title, "attainment by GPU-hours", () => figure));
  figure.append(root);
  return figure;
}

/** What a cell's chart shows, by rising cost. */
function cellCurves(cell: StudyCell): {
  readonly fixed: readonly Point[];
  readonly oracle: readonly Point[];
  readonly marks: readonly PolicyMark[];
} {
  const known = cell.fixed.flatMap(({ gpuHours, attainment }) =>
    gpuHours === null || attainment === null ? [] : [{ gpuHours, attainment }],
  );
  const fixed = frontOf(known).map(({ gpuHours, attainment }) => [gpuHours, attainment] as const);
  const oracle = cell.oracle
    .map(({ gpuHours, attainment }) => [gpuHours, attainment] as const)
    .toSorted((a, b) => a[0] - b[0]);
  const marks = cell.entries.flatMap((entry) => pointOf(entry).map((point) => ({ entry, point })));
  // Fleets far larger than any policy would squeeze everything that matters into a corner.
  const others = [...marks.map(({ point }) => point[0]), ...oracle.map(([hours]) => hours)];
  const widest = others.length === 0 ? Infinity : Math.max(...others) * 1.3;
  return { fixed: fixed.filter(([hours], i) => hours <= widest || i === 0), oracle, marks };
}

/** What the vertical axis must hold: all attainments, and where they are all alike some room below. */
function attainments(points: readonly Point[], ceiling: number | null): number[] {
  const values = [...points.map(([, attainment]) => attainment), ...(ceiling === null ? [] : [ceiling])];
  const least = Math.min(...values);
  return Math.max(...values) - least < 0.02 ? [...values, Math.max(0, least - 0.1)] : values;
}

function pointOf({ gpuHours, attainment }: StudyEntry): Point[] {
  return gpuHours === null || attainment === null ? [] : [[gpuHours, attainment]];
}

function axes(x: Scale, y: Scale, right: number): SVGElement[] {
  return [
    ...y.ticks.flatMap(({ at, label }) => [
      svg("line", { class: "grid-line", x1: frame.left, x2: right, y1: at, y2: at }),
      svg("text", { class: "tick", x: frame.left - 5, y: at + 4, "text-anchor": "end" }, [label]),
    ]),
    ...x.ticks.map(({ at, label }) =>
      svg("text", { class: "tick", x: at, y: bottom + 15, "text-anchor": "middle" }, [label]),
    ),
    svg("text", { class: "tick", x: (frame.left + right) / 2, y: height - 6, "text-anchor": "middle" }, ["GPU-hours"]),
  ];
}

/** What more replicas could reach. */
function level(ceiling: number | null, y: Scale, right: number): SVGElement[] {
  const at = ceiling === null ? null : y.at(ceiling);
  return at === null ? [] : [svg("line", { class: "line level", x1: frame.left, x2: right, y1: at, y2: at })];
}

function curve(points: readonly Point[], x: Scale, y: Scale, classes: string, name: string): SVGElement[] {
  const places = points.flatMap(([hours, attainment]) => {
    const [left, top] = [x.at(hours), y.at(attainment)];
    return left === null || top === null ? [] : [[left, top] as const];
  });
  if (places.length === 0) return [];
  const path = places.map(([left, top], i) => `${i === 0 ? "M" : "L"}${left.toFixed(1)} ${top.toFixed(1)}`).join("");
  return [
    svg("path", { d: path, class: `line ${classes}` }, [svg("title", {}, [name])]),
    ...places.map(([left, top], i) =>
      svg("circle", { cx: left, cy: top, r: 2.4, class: classes.split(" ")[0]! }, [
        svg("title", {}, [`${name}: ${percent(points[i]![1])} for ${points[i]![0].toFixed(2)} GPU-hours`]),
      ]),
    ),
  ];
}

/** What nothing beats is drawn last: no other mark may cover it. */
function policyMarks(
  marks: readonly PolicyMark[],
  names: readonly string[],
  x: Scale,
  y: Scale,
  width: number,
): SVGElement[] {
  const points = marks.map(({ point: [hours, attainment] }): Place => [x.at(hours) ?? 0, y.at(attainment) ?? 0]);
  // Badges reach into the margins, but do not cover what is written there.
  const groups = placeBadges(points, { left: frame.left + 10, top: 9, right: width - 9, bottom: bottom - 4 });
  const onFront = ({ members }: BadgeGroup) => Number(members.some((member) => marks[member]!.entry.onFront));
  return groups
    .toSorted((a, b) => onFront(a) - onFront(b))
    .flatMap((group) => [
      ...(group.members.length > 1 ? [together(group, marks)] : []),
      ...group.members.map((member, i) =>
        policyMark(
          marks[member]!,
          names.indexOf(marks[member]!.entry.policy),
          i === 0 ? group.point : null,
          group.places[i]!,
        ),
      ),
    ]);
}

/** A frame around the badges of one point. */
function together({ members, places }: BadgeGroup, marks: readonly PolicyMark[]): SVGElement {
  const [lefts, tops] = [places.map(([left]) => left), places.map(([, top]) => top)];
  const [left, top] = [Math.min(...lefts) - 10, Math.min(...tops) - 10];
  const size = { width: Math.max(...lefts) + 10 - left, height: Math.max(...tops) + 10 - top };
  return svg("rect", { x: left, y: top, ...size, rx: 10, class: "study-together" }, [
    svg("title", {}, [`in one place: ${members.map((member) => marks[member]!.entry.policy).join(", ")}`]),
  ]);
}

/** @param own where the badge is tied to; null = to its neighbour */
function policyMark({ entry, point }: PolicyMark, place: number, own: Place | null, badge: Place): SVGElement {
  const [hours, attainment] = point;
  const oracle = entry.ofOracle === null ? "" : `, ${entry.ofOracle.toFixed(2)} × the oracle`;
  const told = `${entry.policy}: ${percent(attainment)} for ${hours.toFixed(2)} GPU-hours${oracle}, ${entry.events ?? 0} events`;
  return svg(
    "g",
    { class: `study-mark c-${colorOf(place)}${entry.onFront ? " front" : ""}`, "data-mark": entry.policy },
    [
      ...(own === null || (own[0] === badge[0] && own[1] === badge[1]) ? [] : tie(own, badge)),
      svg("circle", { cx: badge[0], cy: badge[1], r: badgeRadius, class: "badge" }),
      svg("text", { x: badge[0], y: badge[1] + 3.6, "text-anchor": "middle" }, [String(place + 1)]),
      svg("title", {}, [told]),
    ],
  );
}

function tie([left, top]: Place, badge: Place): SVGElement[] {
  return [
    svg("line", { x1: left, y1: top, x2: badge[0], y2: badge[1], class: "tie" }),
    svg("circle", { cx: left, cy: top, r: pointRadius, class: "point" }),
  ];
}
