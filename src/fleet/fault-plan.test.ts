import { expect, test } from "vitest";
import { sound } from "../../test/disruption-fixtures.ts";
import { SeededRandom } from "../random/seeded-random.ts";
import { startupFactor, type FaultPlan } from "./fault-plan.ts";

test("start-up times spread around their mean, whatever else happens", async () => {
  const mean = (plan: Partial<FaultPlan>) => {
    const factors = Array.from({ length: 20_000 }, (_, id) =>
      startupFactor({ ...sound, ...plan }, new SeededRandom(7).fork(id)),
    );
    return factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
  };
  expect(mean({})).toBe(1);
  expect(mean({ startupVariation: 0.5 })).toBeCloseTo(1, 1);
  expect(mean({ slowStartShare: 0.25, slowStartFactor: 5 })).toBeCloseTo(2, 1);
});
