import { expect, test } from "vitest";
import { withKeptRecords } from "./kept-records.ts";
import type { Observation, Planner } from "./planner.ts";

const observation = {} as Observation;
const answering = (answer: object) =>
  withKeptRecords({ firstTickSeconds: () => 5, onTick: () => answer } as unknown as Planner);

test("a record that a policy goes on with stays as it was", () => {
  const record = { seen: [1], ratio: Number.NaN };
  const policy = answering({ replicas: { agg: 2 }, nextTickSeconds: 10, reason: "so", record });
  const first = policy.onTick(observation);
  record.seen.push(2);
  expect(first).toEqual({
    replicas: { agg: 2 },
    nextTickSeconds: 10,
    reason: "so",
    record: { seen: [1], ratio: null },
  });
  expect(policy.onTick(observation).record).toEqual({ seen: [1, 2], ratio: null });
});

test("the policy keeps its methods, its state and what it wants to see", () => {
  class Counting implements Planner {
    seesRequests = true;
    foreseen = 0;
    #ticks = 0;
    foresee() {
      this.foreseen++;
    }
    firstTickSeconds() {
      return 3;
    }
    onTick() {
      return { replicas: { agg: ++this.#ticks }, nextTickSeconds: null };
    }
  }
  const counting = new Counting();
  const policy = withKeptRecords(counting);
  policy.foresee!({} as Parameters<NonNullable<Planner["foresee"]>>[0]);
  expect(counting.foreseen).toBe(1);
  expect(answering({}).foresee).toBeUndefined();
  expect(policy.firstTickSeconds()).toBe(3);
  expect(policy.seesRequests).toBe(true);
  policy.onTick(observation);
  expect(policy.onTick(observation)).toEqual({ replicas: { agg: 2 }, nextTickSeconds: null });
});

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;
test.each([
  [
    { replicas: {}, record: { big: 10n } },
    /^its record cannot be kept as JSON: Do not know how to serialize a BigInt$/,
  ],
  [{ replicas: {}, record: cycle }, /^its record cannot be kept as JSON: Converting circular structure to JSON$/],
  [{ replicas: {}, record: [1] }, /^its record is a list, expected an object$/],
  [{ replicas: {}, record: "so" }, /^its record is of type string, expected an object$/],
  [{ replicas: {}, reason: 7 }, /^its reason is of type number, expected text$/],
])("what a result cannot hold is refused at the tick", (answer, message) => {
  expect(() => answering(answer).onTick(observation)).toThrow(message);
});

test("an answer that is none is left to whoever checks it", () => {
  expect(answering(undefined as never).onTick(observation)).toBeUndefined();
});
