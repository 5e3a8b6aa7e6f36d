import type { PerfModel, PerfModelProvenance } from "./perf-model.ts";
import type { StepModel } from "./step-model.ts";

/** Contexts of one page of remembered decode times. */
const PAGE_BITS = 10;
const PAGE_SIZE = 1 << PAGE_BITS;
/** Beyond these a time is computed anew: they would only fill memory. */
const LARGEST_BATCH = 1 << 14;
const LARGEST_CONTEXT = 1 << 22;
/** The mocker's least decode time (aic-run-findings §2.3). */
const LEAST_DECODE_MS = 1;

/**
 * A step model as the engine asks for it: prefill and decode priced apart, decode at least 1 ms. Decode times are
 * remembered by batch and context, which a running batch visits over and over.
 */
export class StepPerfModel implements PerfModel {
  readonly provenance: PerfModelProvenance;
  readonly decodeDependsOn = "batch-and-context";
  readonly step: StepModel;
  private readonly pages: (Float64Array | undefined)[][] = [];
  private pageCount = 0;

  constructor(step: StepModel, provenance: PerfModelProvenance) {
    this.step = step;
    this.provenance = provenance;
  }

  prefillMs(requests: number, meanNewTokens: number, meanPrefixTokens: number): number {
    return this.step.prefillMs(requests, meanNewTokens, meanPrefixTokens);
  }

  decodeMs(requests: number, meanContextTokens: number): number {
    if (requests >= LARGEST_BATCH || meanContextTokens >= LARGEST_CONTEXT)
      return this.price(requests, meanContextTokens);
    const row = (this.pages[requests] ??= []);
    const page = (row[meanContextTokens >> PAGE_BITS] ??= this.newPage());
    const offset = meanContextTokens & (PAGE_SIZE - 1);
    const known = page[offset]!;
    if (known > 0) return known;
    const ms = this.price(requests, meanContextTokens);
    page[offset] = ms;
    return ms;
  }

  /** How much this model keeps in memory, in times of 8 bytes and more. */
  get rememberedTimes(): number {
    return this.pageCount * PAGE_SIZE + this.step.rememberedTimes;
  }

  /** Gives all of that up. */
  forget(): void {
    this.pages.length = 0;
    this.pageCount = 0;
    this.step.forget();
  }

  private newPage(): Float64Array {
    this.pageCount++;
    return new Float64Array(PAGE_SIZE);
  }

  private price(requests: number, meanContextTokens: number): number {
    return Math.max(LEAST_DECODE_MS, this.step.decodeMs(requests, meanContextTokens));
  }
}
