import type { EngineConfig } from "./engine-config.ts";

/**
 * How often the ranks of a worker may compute prompts: a round is one pass of all its ranks (current-findings §2.8,
 * §3.20). vLLM's `prefill_schedule_interval` lets attention-DP ranks do so in every n-th round only while others decode;
 * SGLang's `prefill_decode_interval` keeps the rounds after one with prefill free of it.
 */
export class PrefillRounds {
  /** SGLang: nobody is admitted in this round, and no chunk is gone on with. */
  closed = false;
  /** vLLM: prompts are put off in this round where something decodes. */
  deferring = false;
  private readonly scheduleInterval: number;
  private readonly decodeInterval: number;
  private round = 0;
  private closedRounds = 0;
  private computesPrompts = false;

  private constructor(scheduleInterval: number, decodeInterval: number) {
    this.scheduleInterval = scheduleInterval;
    this.decodeInterval = decodeInterval;
  }

  /** The rounds of one worker; null where every pass may compute prompts. */
  static of(config: EngineConfig): PrefillRounds | null {
    const interval = config.engineType === "vllm" && config.dpSize > 1 ? (config.prefillScheduleInterval ?? 1) : 1;
    const decodes = config.engineType === "sglang" ? (config.sglang.prefillDecodeInterval ?? 0) : 0;
    return interval > 1 || decodes > 0 ? new PrefillRounds(interval, decodes) : null;
  }

  begin(): void {
    this.closed = this.closedRounds > 0;
    this.deferring = this.round % this.scheduleInterval !== 0;
    this.computesPrompts = false;
  }

  /** A rank computes prompt tokens in this round. */
  onPrefill(): void {
    this.computesPrompts = true;
  }

  /** @param drained no rank has anything left to do */
  end(drained: boolean): void {
    if (this.computesPrompts) this.closedRounds = this.decodeInterval;
    else if (this.closedRounds > 0) this.closedRounds--;
    this.round = drained ? 0 : this.round + 1;
  }

  /** No rank has anything to do while prefill is closed: such rounds take no time. */
  skipClosed(): void {
    this.closedRounds = 0;
  }
}
