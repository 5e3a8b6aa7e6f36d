import type uPlot from "uplot";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import type { Range, TimeRange } from "./time-range.ts";

/** An overview stands in for the curves while at least this share of the run is in sight. */
const overviewShare = 0.35;

/** What of a chart is in sight: a stretch of its horizontal axis, and the curves that suit it. */
export class ChartView {
  /** The horizontal axis is simulated time, which all such charts share. */
  readonly isTime: boolean;
  private readonly whole: Range;
  private own: Range;
  private shown: readonly Curve[];

  constructor(
    private readonly spec: ChartSpec,
    private readonly range: TimeRange,
  ) {
    this.isTime = spec.value === undefined;
    this.whole = this.isTime ? { from: 0, to: 1 } : valueExtent(spec);
    this.own = this.whole;
    this.shown = this.suitable();
  }

  get stretch(): Range {
    return this.isTime ? this.range.current : this.own;
  }

  get curves(): readonly Curve[] {
    return this.shown;
  }

  /** The chart with the curves that are shown. */
  get drawn(): ChartSpec {
    return { ...this.spec, curves: this.shown };
  }

  /** Whether what is shown leaves out values of the chart. */
  get isCoarse(): boolean {
    return this.shown.some((curve, place) => curve.x.length !== this.spec.curves[place]!.x.length);
  }

  /** Takes the curves that suit the stretch; tells whether they are others than before. */
  choose(): boolean {
    const before = this.shown;
    this.shown = this.suitable();
    return this.shown !== before;
  }

  zoomTo(plot: uPlot, from: number, to: number): void {
    if (this.isTime) this.range.set(from, to);
    else {
      this.own = { from, to };
      plot.setScale("x", { min: from, max: to });
    }
  }

  reset(plot: uPlot): void {
    if (this.isTime) this.range.reset();
    else this.zoomTo(plot, this.whole.from, this.whole.to);
  }

  private suitable(): readonly Curve[] {
    const { from, to } = this.range.current;
    const isWide = to - from > this.range.whole.to * overviewShare;
    return isWide ? (this.spec.overview ?? this.spec.curves) : this.spec.curves;
  }
}

function valueExtent(spec: ChartSpec): Range {
  const values = spec.curves.flatMap(({ x }) => [...x]).filter((x) => spec.value?.log !== true || x > 0);
  const from = values.reduce((least, x) => Math.min(least, x), Infinity);
  const to = values.reduce((most, x) => Math.max(most, x), -Infinity);
  if (!(to > from)) return { from: from / 2 || 0, to: (from || 1) * 2 };
  return spec.value?.log === true ? { from: from / 1.1, to: to * 1.1 } : { from: Math.min(0, from), to: to * 1.03 };
}
