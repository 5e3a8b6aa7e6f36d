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

/** The verdict in a line, with what it cost where a price is given; null without bounds and price. */
export function slaLine(result: RunResult): string | null {
  const { sla, num_requests: requests, incomplete_requests: underWay } = result;
  const spent = spentText(result);
  if (sla === null || sla.attainment.all === null) return result.gpu_cost === undefined ? null : `Spent ${spent}`;
  const bounds = boundsOf({ ttftMs: sla.ttft_ms, itlMs: sla.itl_ms, e2eMs: sla.e2e_ms });
  const share = shareText(sla.attainment.all);
  const cost = `for ${spent}`;
  if (requests === underWay) return `SLA (${bounds}): no request had ended, ${cost}`;
  const judged = counted(requests - underWay);
  const rest = underWay === 0 ? "" : `; ${counted(underWay)} had not ended and are not judged`;
  return `SLA met by ${share} of ${judged} (${bounds}), ${cost}${rest}`;
}

/** GPU-hours, and what they cost where their price is known. */
function spentText({ gpu_hours: gpuHours, gpu_cost: cost, gpu_cost_per_million_output_tokens: perMillion }: RunResult) {
  const hours = `${amountText(gpuHours)} GPU-hours`;
  if (cost === undefined) return hours;
  const each = perMillion === undefined ? "" : `, ${amountText(perMillion)} per million output tokens`;
  return `${hours} (cost ${amountText(cost)}${each})`;
}

function amountText(amount: number): string {
  return amount < 0.1 ? String(Number(amount.toPrecision(2))) : amount.toFixed(2);
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
