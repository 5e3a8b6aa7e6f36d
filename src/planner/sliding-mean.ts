interface Sample {
  readonly endSeconds: number;
  readonly seconds: number;
  readonly value: number;
}

/** The mean of a quantity over the last seconds, from means over consecutive stretches of time. */
export class SlidingMean {
  private readonly windowSeconds: number;
  private samples: Sample[] = [];

  constructor(windowSeconds: number) {
    this.windowSeconds = windowSeconds;
  }

  /** Adds the mean over the `seconds` up to `endSeconds`, no earlier than those before. */
  add(endSeconds: number, seconds: number, value: number): void {
    if (seconds > 0) this.samples.push({ endSeconds, seconds, value });
    this.samples = this.samples.filter((sample) => sample.endSeconds > endSeconds - this.windowSeconds);
  }

  /** The mean up to the last sample's end, or over as much as there is; null = nothing yet. */
  get mean(): number | null {
    const last = this.samples.at(-1);
    if (last === undefined) return null;
    const from = last.endSeconds - this.windowSeconds;
    let sum = 0;
    let time = 0;
    for (const { endSeconds, seconds, value } of this.samples) {
      const within = Math.min(seconds, endSeconds - from);
      sum += value * within;
      time += within;
    }
    return sum / time;
  }
}
