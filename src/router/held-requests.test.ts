import { expect, it } from "vitest";
import { familyTrace } from "../../test/prompt-families.ts";
import { buildPrefixEdges } from "../engine/aggregated/prefix-edges.ts";
import { KvRouter, type RouterTarget } from "./kv-router.ts";
import { kvRouterDefaults } from "./kv-router-settings.ts";
import { singleClassProfile } from "./policy-profile.ts";

const blockSize = 4;

/** A router that sends nothing to a target with any prefill left; what `choose` is asked is kept. */
function routerFor(requests: number) {
  const trace = familyTrace(
    Array.from({ length: requests }, (_, family) => ({ family, commonBlocks: 0, inputLength: 10 * blockSize })),
    blockSize,
  );
  const doneNs = Array.from({ length: requests }, () => NaN);
  const asked: { readonly request: number; readonly costs: readonly number[] }[] = [];
  const router = new KvRouter({
    settings: { ...kvRouterDefaults, trackActiveBlocks: false, policy: singleClassProfile(0, "fcfs") },
    role: "aggregated",
    blockSize,
    prefixes: buildPrefixEdges(trace, blockSize),
    inputLength: trace.inputLength,
    times: { prefillDoneNs: (request) => doneNs[request]!, leftNs: () => NaN },
    choice: {
      choose(costs, _ids, request) {
        asked.push({ request, costs: [...costs] });
        return costs.indexOf(Math.min(...costs));
      },
    },
    maxBatchedTokens: 1000,
    priorities: null,
    prefillEstimate: null,
  });
  return { router, asked, doneNs };
}

/** Targets by id and the blocks each has cached of any prompt. */
const targets = (passes: number, ...cached: readonly (readonly [id: number, blocks: number])[]): RouterTarget[] =>
  cached.map(([id, blocks]) => ({ id, passes, overlapBlocks: () => blocks }));

it("a request that was held back counts on what each target had cached when it arrived, whichever are there by then", () => {
  const { router, asked } = routerFor(3);
  const both = targets(1, [0, 2], [1, 6]);
  expect(router.route(0, 0, both)).toMatchObject({ target: 1 });
  expect(router.route(1, 1, both)).toMatchObject({ target: 0 });
  expect(router.route(2, 2, both)).toBe("held");
  expect(router.backlog).toBe(1);
  // Target 0 goes, another comes.
  router.forget(0);
  expect(router.next(60, targets(1, [2, 9], [1, 0]))).toMatchObject({ request: 2, target: 1 });
  // Ten blocks to compute, of which target 1 had six and has four of another prompt before; of the new one nothing was known.
  expect(asked.at(-1)).toEqual({ request: 2, costs: [10, 10 - 6 + 4] });
  expect(router.backlog).toBe(0);
});

it("a request that was held back goes as soon as one of the targets is free", () => {
  const { router, doneNs } = routerFor(3);
  const both = targets(1, [0, 0], [1, 0]);
  router.route(0, 0, both);
  router.route(1, 1, both);
  expect(router.route(2, 2, both)).toBe("held");
  expect(router.next(40, both)).toBeNull();
  doneNs[1] = 50;
  const after = targets(2, [0, 0], [1, 0]);
  expect(router.next(49, after)).toBeNull();
  expect(router.nextReleaseNs).toBe(50);
  expect(router.next(50, after)).toMatchObject({ request: 2, target: 1 });
});
