import type { ReplayProgress } from "../replay.ts";

/** One line on a terminal that is overwritten while a replay runs; does nothing where stderr is not a terminal. */
export class ProgressLine {
  private readonly shown: boolean;
  private readonly startMs = performance.now();

  constructor(wanted: boolean) {
    this.shown = wanted && process.stderr.isTTY === true;
  }

  update({ simulatedSeconds, requestsOffered, requestsTotal }: ReplayProgress): void {
    if (!this.shown) return;
    const seconds = (performance.now() - this.startMs) / 1000;
    const share = requestsTotal === 0 ? 1 : requestsOffered / requestsTotal;
    const bar = "█".repeat(Math.round(share * 24)).padEnd(24, "░");
    const text =
      `${bar} ${Math.floor(share * 100)} %  simulated ${clock(simulatedSeconds)}  ` +
      `${requestsOffered.toLocaleString("en")} of ${requestsTotal.toLocaleString("en")} requests  ` +
      `${Math.round(simulatedSeconds / seconds).toLocaleString("en")}× real time`;
    process.stderr.write(`\r\u001B[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.shown) process.stderr.write("\r\u001B[2K");
  }
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const part = (value: number) => String(value).padStart(2, "0");
  return `${part(Math.floor(whole / 3600))}:${part(Math.floor(whole / 60) % 60)}:${part(whole % 60)}`;
}
