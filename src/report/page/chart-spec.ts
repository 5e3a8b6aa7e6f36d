import type uPlot from "uplot";
import type { ColorRole } from "./theme.ts";

/** One curve: its own moments (or values) and what was measured there. */
export interface Curve {
  readonly label: string;
  readonly color: ColorRole;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  /** "step" holds each value until the next; "points" draws no line. @default "line" */
  readonly kind?: "line" | "step" | "points";
  readonly dash?: readonly number[];
  /** @default 1.5 */
  readonly width?: number;
  /** Opacity of the area down to 0. */
  readonly fill?: number;
  readonly opacity?: number;
  /** Without an entry of its own in the legend. */
  readonly unlisted?: boolean;
  /** Leave out of the vertical range. */
  readonly unscaled?: boolean;
}

/** An area between two curves, by label. */
export interface Band {
  readonly upper: string;
  readonly lower: string;
  readonly color: ColorRole;
  readonly opacity: number;
}

/** A rectangle in a lane. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly color: ColorRole;
  readonly opacity: number;
  readonly hatched?: boolean;
  /** CSS pixels a span has at least, however short. @default 1 */
  readonly leastWidth?: number;
  /** What the legend says when the cursor is on it. */
  readonly text: string;
}

/** A row of rectangles over time. */
export interface Lane {
  readonly label: string;
  readonly spans: readonly Span[];
}

/** What one chart shows. */
export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** Unit of the vertical axis; empty for counts. */
  readonly unit: string;
  /** What a reader should look for, in a sentence. */
  readonly note: string;
  readonly curves: readonly Curve[];
  readonly bands?: readonly Band[];
  /** Thin lines beside the curves, without entries in the legend; they do not stretch the vertical range. */
  readonly threads?: readonly Curve[];
  readonly lanes?: readonly Lane[];
  /** Key to the colours of lanes. */
  readonly laneKey?: readonly { readonly label: string; readonly color: ColorRole; readonly opacity: number }[];
  /** The same curves, coarser: shown in their place while most of the run is in sight. */
  readonly overview?: readonly Curve[];
  /** Logarithmic vertical axis. */
  readonly log?: boolean;
  /** Decades a logarithmic axis shows at most, from its largest value down. @default 5 */
  readonly decades?: number;
  /** Fixed top of the vertical axis. */
  readonly top?: number;
  /** Larger values run off the chart. */
  readonly ceiling?: number;
  /** Counts: no marks between whole numbers. */
  readonly whole?: boolean;
  /** CSS pixels of the plot. @default 150 */
  readonly height?: number;
  /** Why nothing is drawn; null when something is. */
  readonly empty: string | null;
  /** How the legend and the axis write values. */
  readonly format?: (value: number) => string;
  readonly axisFormat?: (value: number) => string;
  /** Present when the horizontal axis is not simulated time. */
  readonly value?: {
    readonly label: string;
    readonly log: boolean;
    readonly format: (value: number) => string;
    readonly axisFormat?: (value: number) => string;
  };
  /** Draws over the curves. */
  readonly draw?: (plot: uPlot) => void;
  /** What the legend says of the cursor's place; null = nothing. */
  readonly describe?: (plot: uPlot, x: number, left: number, top: number) => string | null;
  /** A click in the plot. */
  readonly onClick?: (x: number) => void;
}

/** Whether there is anything to draw in any curve. */
export function hasValues(curves: readonly Curve[]): boolean {
  return curves.some(({ y }) => y.some((value) => value !== null));
}
