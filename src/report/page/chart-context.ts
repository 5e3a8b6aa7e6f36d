import type { TimeRange } from "./time-range.ts";

/** What all charts of a page share. */
export interface ChartContext {
  readonly range: TimeRange;
  /** Moment marked in every time chart; null = none. */
  readonly marked: { seconds: number | null };
  /** Called when a time chart's cursor moves; null = it left. */
  readonly onCursor: (seconds: number | null) => void;
  /** First part of the names of exported files. */
  readonly fileStem: string;
}
