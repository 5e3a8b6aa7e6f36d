import type { TimeRange } from "./time-range.ts";

/** Shows a stretch of time, seconds, with some of what is around it, in all charts, and brings them into sight. */
export type ShowStretch = (from: number, to: number) => void;

/** Space at either side, as a share of the stretch. */
const margin = 0.15;

/** @param timeline what holds the charts */
export function stretchShower(range: TimeRange, timeline: HTMLElement): ShowStretch {
  return (from, to) => {
    const aside = (to - from) * margin;
    range.set(from - aside, to + aside);
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    timeline.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
  };
}
