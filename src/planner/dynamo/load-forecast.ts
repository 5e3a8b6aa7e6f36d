import type { PredictorConfig } from "./planner-config.ts";
import { createPredictor } from "./predictors/create-predictor.ts";
import type { Predictor } from "./predictors/predictor.ts";

/** Traffic of one throughput interval. */
export interface IntervalTraffic {
  readonly requests: number;
  /** Mean prompt and output tokens of the completed requests. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Forecasts requests, prompt and output lengths, each by a predictor of its own (planner-reference §3). */
export class LoadForecast {
  private readonly requests: Predictor;
  private readonly inputTokens: Predictor;
  private readonly outputTokens: Predictor;
  private lastInputTokens = 0;
  private lastOutputTokens = 0;
  private seenTraffic = false;

  constructor(config: PredictorConfig) {
    this.requests = createPredictor(config);
    this.inputTokens = createPredictor(config);
    this.outputTokens = createPredictor(config);
  }

  /** Feeds the intervals of a warm-up trace; live traffic starts afresh after it. */
  warmUp(intervals: readonly IntervalTraffic[]): void {
    for (const interval of intervals) this.observe(interval);
    for (const predictor of [this.requests, this.inputTokens, this.outputTokens]) predictor.skipLeadingZeros();
    this.seenTraffic = false;
  }

  /**
   * Feeds one interval. An interval without requests repeats the last lengths; one with requests but no completions
   * enters with lengths of 0 (planner-reference §7.12).
   */
  observe({ requests, inputTokens, outputTokens }: IntervalTraffic): void {
    this.requests.add(requests);
    if (requests > 0) {
      this.seenTraffic = true;
      this.lastInputTokens = inputTokens;
      this.lastOutputTokens = outputTokens;
    }
    const idle = requests === 0 && this.seenTraffic;
    this.inputTokens.add(idle ? this.lastInputTokens : inputTokens);
    this.outputTokens.add(idle ? this.lastOutputTokens : outputTokens);
  }

  /** The next interval. */
  predict(): IntervalTraffic {
    return {
      requests: this.requests.predict(),
      inputTokens: this.inputTokens.predict(),
      outputTokens: this.outputTokens.predict(),
    };
  }
}
