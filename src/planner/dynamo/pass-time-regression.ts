import { fitHinge } from "./hinge-fit.ts";
import { fitLinear } from "./linear-fit.ts";
import type { PassTimeCurve } from "./linear-fit.ts";
import { featuresOf, passKindOf } from "./pass-kind.ts";
import type { PassKind, PassLoad } from "./pass-kind.ts";
import { SampleStore } from "./sample-store.ts";

/** How many samples are kept and needed. */
export interface RegressionOptions {
  /** Most samples a pass kind keeps. */
  readonly maxSamples: number;
  /** Samples a kind needs before it answers. */
  readonly minSamples: number;
  /** Bins the samples are spread over; a perfect square. */
  readonly bins: number;
  /** The shortest time a pass of a kind can take, ms; absent = unknown, and fits may go below zero. */
  readonly leastMs?: Readonly<Record<PassKind, number>> | undefined;
}

/** Estimates the time of a pass, and learns from observed ones. */
export interface PassTimeModel {
  /** Learns one pass; times of 0 and empty passes are ignored. */
  learn(load: PassLoad, passMs: number): void;
  /** Milliseconds of a pass, before rounding; 0 for an empty one; null when the model cannot tell. */
  passMs(load: PassLoad): number | null;
  /** Whether any kind of pass can be estimated. */
  isReady(): boolean;
  /** Samples held. */
  sampleCount(): number;
}

const KINDS: readonly PassKind[] = ["prefill", "decode", "mixed"];
/** Samples the two-slope curve of prefill passes needs. */
const HINGE_MIN_SAMPLES = 6;

/** Pass times learned from observation alone: one curve a pass kind (planner-reference §5, planner-findings §5). */
export class PassTimeRegression implements PassTimeModel {
  private readonly stores: Readonly<Record<PassKind, SampleStore>>;
  /** Curves of the samples held now; absent = not fitted since the last sample. */
  private readonly curves = new Map<PassKind, PassTimeCurve | null>();
  private readonly minSamples: number;
  private readonly leastMs: RegressionOptions["leastMs"];

  constructor({ maxSamples, minSamples, bins, leastMs }: RegressionOptions) {
    this.minSamples = minSamples;
    this.leastMs = leastMs;
    this.stores = {
      prefill: new SampleStore(1, bins, maxSamples),
      decode: new SampleStore(2, bins, maxSamples),
      mixed: new SampleStore(2, bins, maxSamples),
    };
  }

  learn(load: PassLoad, passMs: number): void {
    const kind = passKindOf(load);
    if (kind === null || !(passMs > 0)) return;
    this.stores[kind].add({ features: featuresOf(kind, load), passMs });
    this.curves.delete(kind);
  }

  passMs(load: PassLoad): number | null {
    const kind = passKindOf(load);
    if (kind === null) return 0;
    const curve = this.curve(kind);
    return curve === null ? null : curve(featuresOf(kind, load));
  }

  isReady(): boolean {
    return KINDS.some((kind) => this.curve(kind) !== null);
  }

  sampleCount(): number {
    return KINDS.reduce((sum, kind) => sum + this.stores[kind].samples.length, 0);
  }

  private curve(kind: PassKind): PassTimeCurve | null {
    const known = this.curves.get(kind);
    if (known !== undefined) return known;
    const { samples } = this.stores[kind];
    let curve: PassTimeCurve | null = null;
    if (samples.length > 0 && samples.length >= this.minSamples) {
      const leastMs = this.leastMs?.[kind];
      if (kind === "prefill" && samples.length >= HINGE_MIN_SAMPLES) curve = fitHinge(samples, leastMs);
      curve ??= fitLinear(samples, leastMs);
    }
    this.curves.set(kind, curve);
    return curve;
  }
}
