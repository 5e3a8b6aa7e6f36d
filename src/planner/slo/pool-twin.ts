import type { PlannedPass, PolicyPool } from "../policy.ts";
import type { RequestSample } from "./request-sample.ts";
import type { TwinSla } from "./twin.ts";
import type { TwinEngine } from "./twin-server.ts";

/** What a twin has to know of a pool's engines. */
export function twinEngine(pool: PolicyPool): TwinEngine {
  return {
    passMs: pool.name === "decode" ? decodeOnly(pool.passMs) : pool.passMs,
    maxSequences: pool.maxSequences ?? Infinity,
    maxBatchedTokens: pool.maxBatchedTokens ?? Infinity,
    kvCapacityTokens: pool.kvCapacityTokens / pool.ranks,
    ranks: pool.ranks,
  };
}

/** Prompts arrive computed at a decode worker. */
function decodeOnly(passMs: PolicyPool["passMs"]): PolicyPool["passMs"] {
  const decodes = {
    prefillRequests: 0,
    prefillTokens: 0,
    prefillPrefixTokens: 0,
    decodeRequests: 0,
    decodeKvTokens: 0,
  };
  return ({ decodeRequests, decodeKvTokens }: PlannedPass) => {
    decodes.decodeRequests = decodeRequests;
    decodes.decodeKvTokens = decodeKvTokens;
    return passMs(decodes);
  };
}

/** Share of the time to first token that a request may wait at the decode pool: it is streamed from there. */
const decodeWait = 0.5;

/** Of a disaggregated run's pools, one answers for the first token, the other for the gaps and for having a place free. */
export function poolSla({ name }: PolicyPool, sla: TwinSla): TwinSla {
  if (name === "prefill") return { ttftMs: sla.ttftMs, itlMs: Infinity };
  return name === "decode" ? { ttftMs: decodeWait * sla.ttftMs, itlMs: sla.itlMs } : sla;
}

/** What a pool has to do of the requests: a prefill pool gives the first token only, a decode pool gets whole prompts. */
export function playedBy(name: PolicyPool["name"], sample: RequestSample): RequestSample {
  if (name === "prefill") return sample.with({ outputTokens: new Float64Array(sample.count).fill(1) });
  return name === "decode" ? sample.with({ cachedTokens: sample.columns.inputTokens }) : sample;
}
