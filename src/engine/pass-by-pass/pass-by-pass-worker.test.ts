import { expect, test } from "vitest";
import { emptyForwardPass } from "../forward-pass.ts";
import { goOnFrom } from "../interruption.ts";
import type { EngineRank } from "./engine-rank.ts";
import { PassByPassWorker } from "./pass-by-pass-worker.ts";
import { newRequestState } from "./request-state.ts";

/** More than a call takes arguments. */
const many = 200_000;

test("any number of requests may leave in one pass", () => {
  const finished: number[] = [];
  const rank: EngineRank = {
    hasWork: false,
    inSystem: 0,
    pass: emptyForwardPass(),
    finished,
    enqueue: (request) => void finished.push(request),
    interrupt: () => null,
    resume: () => {},
    startPass: () => -1,
    endPass: () => {},
    prefixOverlapBlocks: () => 0,
  };
  const worker = new PassByPassWorker([rank]);
  for (let request = 0; request < many; request++) worker.enqueue(request, 0);
  worker.advance(1, false);
  expect(worker.takeFinished()).toHaveLength(many);
  expect(finished).toEqual([]);
});

test("a request goes on with all the gaps between the tokens it has", () => {
  const state = newRequestState(0, 10, many);
  goOnFrom({ generated: many / 2, lastTokenNs: 5, gaps: Array.from({ length: many }, (_, i) => i) }, state);
  expect(state.gaps).toHaveLength(many);
  expect(state.generated).toBe(many / 2);
});
