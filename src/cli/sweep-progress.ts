import type { SweepRow } from "../sweep/sweep-row.ts";

/** A line on a terminal that follows a sweep: runs done, failed, time left. */
export class SweepProgress {
  private readonly total: number;
  private readonly shown: boolean;
  private readonly startMs = performance.now();
  private failed = 0;
  private ran = 0;

  constructor(total: number, wanted: boolean) {
    this.total = total;
    this.shown = wanted && process.stderr.isTTY === true;
  }

  update(row: SweepRow, done: number): void {
    this.ran++;
    if (row.error !== null) this.failed++;
    if (!this.shown) return;
    const seconds = (performance.now() - this.startMs) / 1000;
    const left = Math.round((seconds / this.ran) * (this.total - done));
    const failures = this.failed > 0 ? `, ${this.failed} failed` : "";
    process.stderr.write(`\r\u001B[K${done}/${this.total} runs${failures}, ${minutes(left)} left`);
  }

  clear(): void {
    if (this.shown) process.stderr.write("\r\u001B[K");
  }
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
