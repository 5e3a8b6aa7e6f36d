import { featuresOf, passKindOf } from "./pass-kind.ts";
import type { PassKind, PassLoad } from "./pass-kind.ts";
import type { PassTimeModel } from "./pass-time-regression.ts";

/** Limits of the correction grid. */
export interface NativePassTimeOptions {
  readonly maxBatchedTokens: number;
  readonly maxSequences: number;
  readonly maxKvTokens: number;
  /** Samples retained of each kind. */
  readonly maxSamples: number;
  /** Samples of a kind before it is corrected. */
  readonly minSamples: number;
  /** Bins of a kind, a perfect square. */
  readonly bins: number;
}

/** Observed over native time, and the bin it fell into; null = outside the grid. */
interface Ratio {
  readonly bin: number | null;
  readonly ratio: number;
}

/**
 * Pass times from a performance model (the planner's `aic_perf_model`), corrected by what is observed: on a fixed grid
 * of each kind's features, once enough passes of the kind were seen, by the median of observed over native time in the
 * bin; bins without samples and loads outside the grid stay as they are (planner-reference §5).
 */
export class NativePassTimes implements PassTimeModel {
  private readonly native: (load: PassLoad) => number;
  private readonly options: NativePassTimeOptions;
  private readonly ratios: Record<PassKind, Ratio[]> = { prefill: [], decode: [], mixed: [] };

  /** @param native ms of a pass as modelled */
  constructor(native: (load: PassLoad) => number, options: NativePassTimeOptions) {
    this.native = native;
    this.options = options;
  }

  learn(load: PassLoad, passMs: number): void {
    const kind = passKindOf(load);
    const modelled = kind === null ? 0 : this.native(load);
    if (kind === null || !(passMs > 0) || !(modelled > 0)) return;
    const ratios = this.ratios[kind];
    ratios.push({ bin: this.bin(kind, load), ratio: passMs / modelled });
    if (ratios.length > this.options.maxSamples) ratios.shift();
  }

  passMs(load: PassLoad): number | null {
    const kind = passKindOf(load);
    return kind === null ? 0 : this.native(load) * this.correction(kind, load);
  }

  isReady(): boolean {
    return true;
  }

  sampleCount(): number {
    return this.ratios.prefill.length + this.ratios.decode.length + this.ratios.mixed.length;
  }

  private correction(kind: PassKind, load: PassLoad): number {
    const ratios = this.ratios[kind];
    const bin = this.bin(kind, load);
    if (ratios.length < this.options.minSamples || bin === null) return 1;
    const inBin = ratios.filter((one) => one.bin === bin).map(({ ratio }) => ratio);
    if (inBin.length === 0) return 1;
    inBin.sort((a, b) => a - b);
    const middle = inBin.length >> 1;
    return inBin.length % 2 === 1 ? inBin[middle]! : (inBin[middle - 1]! + inBin[middle]!) / 2;
  }

  private bin(kind: PassKind, load: PassLoad): number | null {
    const { maxBatchedTokens, maxSequences, maxKvTokens, bins } = this.options;
    const bounds = {
      prefill: [maxBatchedTokens],
      decode: [maxSequences, maxKvTokens],
      mixed: [maxBatchedTokens, maxKvTokens],
    }[kind];
    const perAxis = bounds.length === 1 ? bins : Math.round(Math.sqrt(bins));
    let bin = 0;
    for (const [axis, value] of featuresOf(kind, load).entries()) {
      if (value > bounds[axis]!) return null;
      bin = bin * perAxis + Math.min(Math.trunc((value / bounds[axis]!) * perAxis), perAxis - 1);
    }
    return bin;
  }
}
