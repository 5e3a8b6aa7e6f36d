import { expect, test } from "vitest";
import { sound } from "../../test/disruption-fixtures.ts";
import { SeededRandom } from "../random/seeded-random.ts";
import { startupFactor, type FaultPlan } from "./fault-plan.ts";

const factors = (plan: Partial<FaultPlan>) =>
  Array.from({ length: 20_000 }, (_, id) => startupFactor({ ...sound, ...plan }, new SeededRandom(7).fork(id)));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test("start-up times spread around their mean, whatever else happens", () => {
  expect(mean(factors({}))).toBe(1);
  expect(mean(factors({ slowStartShare: 0.25, slowStartFactor: 5 }))).toBeCloseTo(2, 1);
});

test.each([0.2, 0.5, 1])("with a coefficient of variation of %f, theirs is that", (startupVariation) => {
  const drawn = factors({ startupVariation });
  const average = mean(drawn);
  expect(Math.abs(average - 1)).toBeLessThan(0.02);
  const deviation = Math.sqrt(mean(drawn.map((factor) => (factor - average) ** 2)));
  expect(Math.abs(deviation / average / startupVariation - 1)).toBeLessThan(0.05);
});
