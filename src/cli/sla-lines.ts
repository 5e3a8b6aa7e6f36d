import type { ResolvedReplay } from "../config/resolve-replay.ts";
import type { RunResult } from "../result/schema.ts";
import { shareText } from "../share-text.ts";

/**
 * What the terminal is told where requests are judged by other bounds than the autoscaler works towards: `--sla-…` flags
 * change only the first. null where they agree.
 */
export function twoSlasNote({ aim, context: { sla, policy } }: Pick<ResolvedReplay, "aim" | "context">): string | null {
  if (aim === null || sla === null || sla.source !== "flags") return null;
  const differ = (["ttftMs", "itlMs"] as const).some((bound) => sla[bound] !== null && sla[bound] !== aim[bound]);
  if (!differ) return null;
  const keys = [`ttft_ms ${aim.ttftMs}`, `itl_ms ${aim.itlMs}`].join(" and ");
  return `note: policy ${policy} works towards ${keys} (set them in --planner-config); requests are judged by ${boundsOf(sla)}`;
}

/** The verdict in a line; null without bounds. */
export function slaLine(result: RunResult): string | null {
  const { sla, num_requests: requests, incomplete_requests: underWay, gpu_hours: gpuHours } = result;
  if (sla === null || sla.attainment.all === null) return null;
  const bounds = boundsOf({ ttftMs: sla.ttft_ms, itlMs: sla.itl_ms, e2eMs: sla.e2e_ms });
  const share = shareText(sla.attainment.all);
  const cost = `for ${gpuHours < 0.1 ? Number(gpuHours.toPrecision(2)) : gpuHours.toFixed(2)} GPU-hours`;
  if (requests === underWay) return `SLA (${bounds}): no request had ended, ${cost}`;
  const judged = counted(requests - underWay);
  const rest = underWay === 0 ? "" : `; ${counted(underWay)} had not ended and are not judged`;
  return `SLA met by ${share} of ${judged} (${bounds}), ${cost}${rest}`;
}

function counted(requests: number): string {
  return `${requests.toLocaleString("en-US")} request${requests === 1 ? "" : "s"}`;
}

interface Bounds {
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  readonly e2eMs: number | null;
}

function boundsOf({ ttftMs, itlMs, e2eMs }: Bounds): string {
  const named = [["TTFT", ttftMs] as const, ["ITL", itlMs] as const, ["latency", e2eMs] as const];
  return named.flatMap(([name, bound]) => (bound === null ? [] : `${name} ${bound} ms`)).join(", ");
}
