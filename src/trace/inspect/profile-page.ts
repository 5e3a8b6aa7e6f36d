import { windtunnelVersion } from "../../version.ts";
import { escaped } from "./escaped.ts";
import { chartMarkup, roundStep, type AxisMark } from "./profile-chart.ts";
import { arrivalFacts, distributionRows, sharingFacts, sizeFacts, whole } from "./profile-figures.ts";
import { shareText } from "../../share-text.ts";
import type { ProfileFacts } from "./profile-figures.ts";
import { profileStyle } from "./profile-style.ts";
import type { ArrivalProfile, SharingProfile, TraceProfile } from "./trace-profile.ts";

/** A self-contained page of a trace's profile, without script: its figures, arrivals by minute, and the LRU hit-rate curve. */
export function profilePage(profile: TraceProfile): string {
  const { arrivals, sharing } = profile;
  // Folders are nobody's business but the machine's.
  const name = escaped(profile.name.slice(profile.name.lastIndexOf("/") + 1) || profile.name);
  const charts = [
    ...(arrivals !== null && arrivals.perMinute.length > 1 ? [arrivalChart(arrivals, profile.sessions !== null)] : []),
    ...(sharing !== null && sharing.lru.length > 1 ? [cacheChart(sharing)] : []),
  ];
  const facts = [
    factsMarkup(sizeFacts(profile)),
    orNone(arrivalFacts(profile), "Arrivals", "No span of time is recorded (a closed loop needs none)."),
    orNone(
      sharing === null ? null : sharingFacts(sharing),
      "Prefix sharing",
      "None: no prompt has a block of another.",
    ),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${name} – windtunnel</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<style>${profileStyle}</style></head><body>
<div id="page">
<header><p class="overline">windtunnel trace inspect</p><h1>${name}</h1>${notesMarkup(profile.notes)}</header>
<main>
${charts.length === 0 ? "" : `<div class="charts">${charts.join("\n")}</div>`}
<div class="facts">${facts.join("\n")}</div>
<h2>Distributions</h2>
${tableMarkup("Distributions", distributionRows(profile))}
${sharing === null || sharing.lru.length === 0 ? "" : `<h2>LRU caches</h2>\n${cacheTable(sharing)}`}
</main>
<footer>windtunnel ${escaped(windtunnelVersion)}</footer>
</div></body></html>
`;
}

function notesMarkup(notes: readonly string[]): string {
  return notes.length === 0
    ? ""
    : `<ul class="notes">${notes.map((note) => `<li>${escaped(note)}</li>`).join("")}</ul>`;
}

function factsMarkup({ title, rows }: ProfileFacts): string {
  const items = rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`);
  return `<section><h2>${escaped(title)}</h2><dl>${items.join("")}</dl></section>`;
}

function orNone(facts: ProfileFacts | null, title: string, why: string): string {
  return facts === null ? `<section><h2>${title}</h2><p class="none">${why}</p></section>` : factsMarkup(facts);
}

/** The first row heads columns, the first cell of every other one its row. */
function tableMarkup(label: string, [head, ...rows]: readonly (readonly string[])[]): string {
  const heads = head!.map((text) => `<th scope="col">${escaped(text)}</th>`).join("");
  const body = rows.map(
    ([name, ...cells]) =>
      `<tr><th scope="row">${escaped(name!)}</th>${cells.map((text) => `<td>${escaped(text)}</td>`).join("")}</tr>`,
  );
  return `<div class="scroll"><table aria-label="${label}"><thead><tr>${heads}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

function cacheTable({ lru }: SharingProfile): string {
  const rows = lru.map(({ blocks, tokens, hitRate }) => [whole(blocks), whole(tokens), shareText(hitRate)]);
  return tableMarkup("LRU caches", [["blocks", "tokens", "hit rate"], ...rows]);
}

/** More steps than these are no finer on a screen. */
const mostSteps = 3000;

/** What arrivals are counted by, minutes each. */
const intervals = [
  { name: "minute", minutes: 1 },
  { name: "hour", minutes: 60 },
  { name: "day", minutes: 1440 },
] as const;

function arrivalChart({ perMinute }: ArrivalProfile, hasSessions: boolean): string {
  const minutes = perMinute.length;
  const interval = intervals.find((one) => minutes / one.minutes <= mostSteps) ?? intervals[2];
  const axis = minutes <= 360 ? intervals[0] : minutes <= 20 * 1440 ? intervals[1] : intervals[2];
  const length = minutes / axis.minutes;
  const step =
    minutes <= 360 ? [1, 2, 5, 10, 15, 30, 60].find((s) => length / s <= 8)! : Math.max(1, roundStep(length / 7));
  const xMarks = Array.from({ length: Math.floor(length / step) + 1 }, (_, k): AxisMark => {
    return { value: (k * step * axis.minutes) / interval.minutes, label: whole(k * step) };
  });
  const counts = new Float64Array(Math.ceil(minutes / interval.minutes));
  for (const [minute, count] of perMinute.entries()) counts[Math.floor(minute / interval.minutes)]! += count;
  return chartMarkup({
    title: "Arrivals",
    unit: `requests ${interval.name === "hour" ? "an" : "a"} ${interval.name}`,
    note: hasSessions
      ? "Of sessions only their first requests: the others come when the answer before them is there."
      : `All requests, by the ${interval.name} they come in.`,
    points: Array.from(counts, (count, place) => [place, count] as const),
    xLabel: `${axis.name}s since the start`,
    xMarks,
    steps: true,
  });
}

function cacheChart({ lru, blockSize }: SharingProfile): string {
  const powers = Array.from({ length: 26 }, (_, k) => 6 + k);
  const last = Math.log2(lru.at(-1)!.blocks);
  const every = Math.max(1, Math.ceil((last - 6) / 7));
  return chartMarkup({
    title: "Hit rate of an LRU cache",
    unit: "% of look-ups",
    note: "What a cache of that size finds of all blocks asked for, in order of arrival. Where it flattens, more room is of no use.",
    points: lru.map(({ blocks, hitRate }) => [Math.log2(blocks), hitRate * 100] as const),
    xLabel: `blocks of ${whole(blockSize)} tokens, logarithmic`,
    xMarks: powers.filter((_, k) => k % every === 0).map((power) => ({ value: power, label: blocksText(2 ** power) })),
  });
}

/** 64 · 1k · 128k · 2M: a power of two in its own thousands. */
function blocksText(blocks: number): string {
  if (blocks >= 2 ** 20) return `${blocks / 2 ** 20}M`;
  return blocks >= 1024 ? `${blocks / 1024}k` : String(blocks);
}
