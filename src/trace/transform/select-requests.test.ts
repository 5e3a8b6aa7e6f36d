import { expect, test } from "vitest";
import { dependencyGraph } from "../dependency-graph.ts";
import type { Trace } from "../trace.ts";
import { selectRequests } from "./select-requests.ts";
import { sliceTrace } from "./slice-trace.ts";

const trace = (arrivalMs: readonly number[], rest: Partial<Trace> = {}): Trace => ({
  name: "made by hand",
  count: arrivalMs.length,
  arrivalMs: Float64Array.from(arrivalMs),
  inputLength: new Int32Array(arrivalMs.length).fill(10),
  outputLength: new Int32Array(arrivalMs.length).fill(1),
  blocks: null,
  sessions: null,
  notes: [],
  ...rest,
});

test("what is left begins at 0, and the time of day it began at moves along", () => {
  const part = selectRequests(trace([0, 700, 900], { startUnixMs: 1000 }), Uint32Array.of(1, 2));
  expect([...part.arrivalMs]).toEqual([0, 200]);
  expect(part.startUnixMs).toBe(1700);
});

test("it begins with the first turn that is left, whatever times later turns give", () => {
  const sessions = {
    sessionOf: Int32Array.of(0, 0),
    turnOf: Int32Array.of(0, 1),
    delayMs: Float64Array.of(0, 5),
    names: ["a"],
  };
  expect([...selectRequests(trace([500, 100], { sessions }), Uint32Array.of(0, 1)).arrivalMs]).toEqual([0, -400]);
});

test("the earliest times of requests that wait for others move with the rest; a play is kept whole, up to the last that fits", () => {
  const names = ["a", "b", "c", "d"];
  const waiting = [[], [{ on: 0, delayMs: 1, onOffer: false }], [], [{ on: 2, delayMs: 1, onOffer: false }]];
  const earliest = Float64Array.of(Number.NaN, 40, Number.NaN, 540);
  const plays = trace([0, 40, 500, 540], { dependencies: dependencyGraph(waiting, earliest, names) });
  const second = selectRequests(plays, Uint32Array.of(2, 3));
  expect([...second.arrivalMs]).toEqual([0, 40]);
  expect(second.dependencies!.notBeforeMs[1]).toBe(40);
  expect([2, 3, 4].map((maxRequests) => sliceTrace(plays, { maxRequests }).count)).toEqual([2, 2, 4]);
});
