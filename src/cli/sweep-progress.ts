import type { QueueStatus } from "../sweep/queue/queue-driver.ts";
import type { SweepRow } from "../sweep/sweep-row.ts";
import { windtunnelVersion } from "../version.ts";

/** A line on a terminal that follows a sweep: runs done, failed, time left. */
export class SweepProgress {
  private readonly total: number;
  private readonly shown: boolean;
  private readonly quiet: boolean;
  private readonly startMs = performance.now();
  private failed = 0;
  private ran = 0;
  private done = 0;
  private queue: QueueStatus | null = null;
  private warned = "";

  constructor(total: number, wanted: boolean) {
    this.total = total;
    this.quiet = !wanted;
    this.shown = wanted && process.stderr.isTTY === true;
  }

  update(row: SweepRow, done: number): void {
    this.ran++;
    this.done = done;
    if (row.error !== null) this.failed++;
    this.draw();
  }

  /** What goes on in the queue; what keeps it from going on is told once. */
  updateQueue(status: QueueStatus): void {
    this.queue = status;
    const hindrance = hindranceOf(status);
    if (hindrance !== "" && hindrance !== this.warned && !this.quiet) {
      this.clear();
      process.stderr.write(`windtunnel: ${hindrance}\n`);
    }
    this.warned = hindrance;
    this.draw();
  }

  private draw(): void {
    if (!this.shown) return;
    const seconds = (performance.now() - this.startMs) / 1000;
    const left = this.ran === 0 ? "" : `, ${minutes(Math.round((seconds / this.ran) * (this.total - this.done)))} left`;
    const failures = this.failed > 0 ? `, ${this.failed} failed` : "";
    const { running = 0, workers = [] } = this.queue ?? {};
    const queue = this.queue === null ? "" : `, ${running} running on ${workers.length} workers`;
    process.stderr.write(`\r\u001B[K${this.done}/${this.total} runs${failures}${queue}${left}`);
  }

  clear(): void {
    if (this.shown) process.stderr.write("\r\u001B[K");
  }
}

/** Why no run of the queue can go on; empty when nothing is in the way. */
function hindranceOf({ connected, workers }: QueueStatus): string {
  if (!connected) return "Redis is away; the sweep goes on when it is back";
  if (workers.some(({ version }) => version === windtunnelVersion)) return "";
  const others = [...new Set(workers.map(({ version }) => version))].join(", ");
  const found = others === "" ? "" : ` (there are workers of version ${others})`;
  return `no worker of version ${windtunnelVersion} is there yet${found}; start some: windtunnel worker --redis URL`;
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
