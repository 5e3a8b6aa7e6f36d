import { assert, integer, nat, property } from "../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { boundReplicas } from "./replica-bounds.ts";
import type { BoundedPool } from "./replica-bounds.ts";

const pool = (overrides: Partial<BoundedPool> = {}): BoundedPool => ({
  name: "agg",
  gpusPerWorker: 1,
  minReplicas: 1,
  maxReplicas: Infinity,
  ...overrides,
});
const noLimits = { minReplicas: 1, minGpus: null, maxGpus: null };

describe("bounds of one pool", () => {
  it("leaves what lies within them", () => {
    expect(boundReplicas({ agg: 3 }, [pool()], { ...noLimits, maxGpus: 8 })).toEqual({
      replicas: { agg: 3 },
      reason: "",
    });
  });

  it("keeps the least, the most and the budget, and says which", () => {
    expect(boundReplicas({ agg: 0 }, [pool({ minReplicas: 2 })], noLimits)).toEqual({
      replicas: { agg: 2 },
      reason: "The least number of replicas is 2.",
    });
    expect(boundReplicas({ agg: 9 }, [pool({ maxReplicas: 5 })], noLimits).replicas).toEqual({ agg: 5 });
    expect(boundReplicas({ agg: 9 }, [pool({ gpusPerWorker: 2 })], { ...noLimits, maxGpus: 7 })).toEqual({
      replicas: { agg: 3 },
      reason: "The budget of 7 GPUs allows 3.",
    });
    expect(boundReplicas({ agg: 1 }, [pool({ gpusPerWorker: 2 })], { ...noLimits, minGpus: 5 }).replicas).toEqual({
      agg: 3,
    });
  });
});

describe("bounds that contradict each other", () => {
  it("keep the least replicas, whatever the most or the budget are", () => {
    expect(boundReplicas({ agg: 9 }, [pool({ minReplicas: 4, maxReplicas: 2 })], noLimits).replicas).toEqual({
      agg: 4,
    });
    const dear = pool({ gpusPerWorker: 4, minReplicas: 1 });
    for (const asked of [0, 1, 9]) {
      expect(boundReplicas({ agg: asked }, [dear], { ...noLimits, maxGpus: 2 }).replicas).toEqual({ agg: 1 });
    }
  });
});

describe("a budget two pools share", () => {
  const pools = [pool({ name: "prefill" }), pool({ name: "decode" })];

  it("shrinks both in proportion", () => {
    const { replicas, reason } = boundReplicas({ prefill: 4, decode: 12 }, pools, { ...noLimits, maxGpus: 8 });
    expect(replicas).toEqual({ prefill: 2, decode: 6 });
    expect(reason).toBe("The budget of 8 GPUs allows 2 prefill and 6 decode.");
  });

  it("never goes over the budget or below the least replicas, whatever is wanted", () => {
    assert(
      property(
        nat(200_000),
        nat(50),
        integer({ min: 1, max: 4 }),
        integer({ min: 1, max: 4 }),
        integer({ min: 8, max: 64 }),
        (prefill, decode, prefillGpus, decodeGpus, maxGpus) => {
          const sized = [
            pool({ name: "prefill", gpusPerWorker: prefillGpus }),
            pool({ name: "decode", gpusPerWorker: decodeGpus }),
          ];
          const { replicas } = boundReplicas({ prefill, decode }, sized, { ...noLimits, maxGpus });
          expect(replicas.prefill! * prefillGpus + replicas.decode! * decodeGpus).toBeLessThanOrEqual(maxGpus);
          expect(Math.min(replicas.prefill!, replicas.decode!)).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });
});
