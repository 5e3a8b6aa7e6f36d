import { expect, test } from "vitest";
import { engineConfig } from "../../../test/golden-case.ts";
import { runClosedLoop } from "./closed-loop.ts";
import type { LoadRecipe, PublishedDeployment } from "./published-deployment.ts";

const outputLength = 41;

/** A closed loop of four clients with prompts of 512 tokens. */
function times(recipe: Partial<LoadRecipe>, change: Partial<PublishedDeployment> = {}) {
  const plain: LoadRecipe = { rounds: 3, lengths: "equal", waitPasses: 0, deliveryPasses: 0 };
  const published = { concurrency: 4, inputLength: 512, outputLength, recipe: { ...plain, ...recipe }, ...change };
  return runClosedLoop(engineConfig({}), published as PublishedDeployment);
}

const plain = times({});

test("tokens delivered together come later at first and faster then: the whole takes as long", () => {
  const bundled = times({ deliveryPasses: 10 });
  expect(bundled.ttftMs).toBeCloseTo(plain.ttftMs + 10 * plain.tpotMs, 9);
  const whole = ({ ttftMs, tpotMs }: typeof plain) => ttftMs + (outputLength - 1) * tpotMs;
  expect(whole(bundled)).toBeCloseTo(whole(plain), 9);
  // An answer shorter than a bundle comes at once.
  expect(times({ deliveryPasses: 999 })).toMatchObject({
    ttftMs: expect.closeTo(whole(plain), 9) as number,
    tpotMs: 0,
  });
});

test("requests held back for others to join wait as many passes longer for their first token", () => {
  const held = times({ waitPasses: 5 });
  expect(held.ttftMs).toBeCloseTo(plain.ttftMs + 5 * plain.tpotMs, 9);
  expect(held.tpotMs).toBeCloseTo(plain.tpotMs, 12);
});

test("lengths spread around the named one, or below it", () => {
  expect(times({ lengths: "below" }).ttftMs).toBeLessThan(plain.ttftMs);
  expect(times({ lengths: "around" }).ttftMs).not.toBe(plain.ttftMs);
  expect(times({}, { concurrency: 64 }).tpotMs).toBeGreaterThan(plain.tpotMs);
});

test("requests that fail are told", () => {
  expect(() => times({}, { inputLength: 10_000_000 })).toThrow("requests failed");
});
