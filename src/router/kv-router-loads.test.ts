import * as fc from "../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { familyTrace } from "../../test/prompt-families.ts";
import { buildPrefixEdges } from "../engine/aggregated/prefix-edges.ts";
import { kvRouterDefaults, type KvRouterSettings } from "./kv-router-settings.ts";
import { KvRouter, type RouterTarget } from "./kv-router.ts";
import type { RouterRole } from "./target-cost.ts";

const blockSize = 4;

interface Asked {
  /** Prompts of a family begin alike, for as many blocks as both have in common. */
  readonly family: number;
  readonly commonBlocks: number;
  readonly inputLength: number;
  readonly gapNs: number;
  readonly prefillNs: number;
  readonly decodeNs: number;
  /** It leaves without having been computed. */
  readonly fails: boolean;
  readonly pick: number;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  family: fc.nat(2),
  commonBlocks: fc.nat(6),
  inputLength: fc.integer({ min: 1, max: 30 }),
  gapNs: fc.nat(50),
  prefillNs: fc.nat(100),
  decodeNs: fc.nat(300),
  fails: fc.boolean(),
  pick: fc.nat(7),
});

const settings: fc.Arbitrary<KvRouterSettings> = fc
  .record({
    overlapScoreCredit: fc.constantFrom(0, 0.5, 1, 1.5),
    overlapScoreCreditDecay: fc.constantFrom(0, 0.5, 2),
    prefillLoadScale: fc.constantFrom(0, 1, 3.7),
    decodeActiveRequestWeight: fc.constantFrom(0, 2),
    trackActiveBlocks: fc.boolean(),
    trackPrefillTokens: fc.boolean(),
    assumeKvReuse: fc.boolean(),
  })
  .map((chosen) => ({ ...kvRouterDefaults, ...chosen }));

/** Names of the full blocks of a prompt: equal for equal prefixes. */
function blocksOf({ family, commonBlocks, inputLength }: Asked, request: number): string[] {
  return Array.from({ length: Math.floor(inputLength / blockSize) }, (_, block) =>
    block < commonBlocks ? `family ${family} block ${block}` : `request ${request} block ${block}`,
  );
}

/** What the plain reading of the rules says a target holds at a time. */
interface Held {
  readonly request: number;
  readonly uncached: number;
  readonly doneNs: number;
  readonly leftNs: number;
}

function plainCost(
  role: RouterRole,
  chosen: KvRouterSettings,
  requests: readonly Asked[],
  request: number,
  overlap: number,
  held: readonly Held[],
  leastTokens: number,
  tokens: number,
): number {
  const input = requests[request]!.inputLength;
  const own = blocksOf(requests[request]!, request);
  let cost = 0;
  if (role !== "decode") {
    const queued = chosen.trackPrefillTokens ? (tokens + input) / blockSize : 0;
    const excess = (tokens - leastTokens) / blockSize / Math.ceil(input / blockSize);
    const fade = chosen.trackPrefillTokens ? 1 / (1 + chosen.overlapScoreCreditDecay * excess) : 1;
    cost += chosen.prefillLoadScale * Math.max(0, queued - chosen.overlapScoreCredit * fade * overlap);
  }
  if (role !== "prefill" && chosen.trackActiveBlocks) {
    const lists = held.map((each) => blocksOf(requests[each.request]!, each.request));
    cost +=
      role === "decode" || !chosen.assumeKvReuse
        ? lists.flat().length + own.length
        : new Set([...lists.flat(), ...own]).size;
  }
  return cost + chosen.decodeActiveRequestWeight * held.length;
}

describe("the loads of a router", () => {
  it("are those of the requests under way, at every decision, and nothing at the end", () => {
    fc.assert(
      fc.property(
        fc.array(asked, { minLength: 1, maxLength: 25 }),
        settings,
        fc.constantFrom<RouterRole>("aggregated", "prefill", "decode"),
        fc.integer({ min: 1, max: 4 }),
        (requests, chosen, role, count) => {
          const trace = familyTrace(requests, blockSize);
          const doneNs = new Float64Array(requests.length).fill(NaN);
          const leftNs = new Float64Array(requests.length).fill(NaN);
          const held: Held[][] = Array.from({ length: count }, () => []);
          const overlapOf = (request: number, target: number) =>
            (request * 7 + target * 3) % (Math.floor(requests[request]!.inputLength / blockSize) + 1);
          let passes = 0;
          const targets: RouterTarget[] = Array.from({ length: count }, (_, id) => ({
            id,
            get passes() {
              return passes++;
            },
            overlapBlocks: (request) => overlapOf(request, id),
          }));
          let nowNs = 0;
          const router = new KvRouter({
            settings: chosen,
            role,
            blockSize,
            prefixes: buildPrefixEdges(trace, blockSize),
            inputLength: trace.inputLength,
            times: { prefillDoneNs: (request) => doneNs[request]!, leftNs: (request) => leftNs[request]! },
            choice: {
              choose(costs, ids, request) {
                const tokens = held.map((each) =>
                  each.reduce((sum, { uncached, doneNs: atNs }) => sum + (atNs > nowNs ? uncached : 0), 0),
                );
                const least = Math.min(...tokens);
                const overlap = (id: number) => (role === "decode" ? 0 : overlapOf(request, id));
                const plain = ids.map((id) =>
                  plainCost(role, chosen, requests, request, overlap(id), held[id]!, least, tokens[id]!),
                );
                for (const [i, cost] of costs.entries()) expect(cost).toBeCloseTo(plain[i]!, 9);
                return requests[request]!.pick % ids.length;
              },
            },
            maxBatchedTokens: 8,
            priorities: null,
            prefillEstimate: null,
          });
          for (const [request, { gapNs, prefillNs, decodeNs, fails, inputLength }] of requests.entries()) {
            nowNs += gapNs;
            for (const [target, each] of held.entries()) held[target] = each.filter((h) => h.leftNs > nowNs);
            const routing = router.route(request, nowNs, targets);
            if (typeof routing === "string") throw new Error("nobody waits without a threshold");
            const cached = Math.min(routing.overlapBlocks * blockSize, inputLength);
            const uncached = chosen.trackPrefillTokens && role !== "decode" ? inputLength - cached : 0;
            const left = nowNs + prefillNs + decodeNs;
            held[routing.target]!.push({
              request,
              uncached,
              doneNs: fails ? left : nowNs + prefillNs,
              leftNs: left,
            });
            if (!fails) doneNs[request] = nowNs + prefillNs;
            leftNs[request] = left;
            router.onLeft([request]);
          }
          router.prospect(0, Number.MAX_VALUE, targets);
          expect(router.load).toEqual({ requests: 0, prefillTokens: 0, blocks: 0 });
        },
      ),
      { numRuns: 300 },
    );
  });
});
