import type { PublishedPass } from "../planner.ts";
import type { PlannedPass } from "../policy.ts";

/** Weight of a tick's passes against all before. */
const weight = 0.2;

/** Measured over modelled pass time, kept up to date from the passes engines publish. */
export class PassTimeRatio {
  private ratio = 1;
  private readonly passMs: (pass: PlannedPass) => number;

  constructor(passMs: (pass: PlannedPass) => number) {
    this.passMs = passMs;
  }

  /** At least a quarter, at most four: beyond that the model is not of this engine, and says so in the record. */
  get value(): number {
    return Math.min(4, Math.max(0.25, this.ratio));
  }

  take(passes: readonly PublishedPass[]): void {
    let measured = 0;
    let modelled = 0;
    for (const { wallSeconds, pass } of passes) {
      if (wallSeconds === 0) continue;
      measured += wallSeconds * 1000;
      modelled += this.passMs({
        prefillRequests: pass.numPrefillRequests,
        prefillTokens: pass.sumPrefillTokens,
        prefillPrefixTokens: pass.sumPrefillKvTokens,
        decodeRequests: pass.numDecodeRequests,
        decodeKvTokens: pass.sumDecodeKvTokens,
      });
    }
    if (modelled > 0) this.ratio += weight * (measured / modelled - this.ratio);
  }
}
