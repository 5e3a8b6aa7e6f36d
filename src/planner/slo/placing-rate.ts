import type { RequestSample } from "./request-sample.ts";
import type { TwinConditions, TwinEngine } from "./twin-server.ts";

/**
 * Requests a second that a full decode worker takes in, because as many leave it: what it holds by the time a request
 * stays. It holds as many as it may, or as its cache has room for. Infinity without requests that stay.
 */
export function placingRate(engine: TwinEngine, sample: RequestSample, conditions: TwinConditions): number {
  const { inputTokens, outputTokens } = sample.columns;
  let passes = 0;
  let whole = 0;
  let contextPasses = 0;
  for (let i = 0; i < sample.count; i++) {
    const stays = Math.ceil((outputTokens[i]! - 1) / conditions.tokensPerPass);
    passes += stays;
    whole += inputTokens[i]! + outputTokens[i]!;
    // The longer a request stays, the more passes it is in.
    contextPasses += stays * (inputTokens[i]! + outputTokens[i]! / 2);
  }
  if (passes === 0) return Infinity;
  const fitting = Math.floor((engine.kvCapacityTokens * sample.count) / whole);
  const places = Math.max(1, Math.min(engine.maxSequences, fitting));
  const pass = {
    prefillRequests: 0,
    prefillTokens: 0,
    prefillPrefixTokens: 0,
    decodeRequests: places,
    decodeKvTokens: (places * contextPasses) / passes,
  };
  const staySeconds = ((passes / sample.count) * engine.passMs(pass) * conditions.slowness) / 1000;
  return (engine.ranks * places) / staySeconds;
}
