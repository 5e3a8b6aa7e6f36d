import { describe, expect, it } from "vitest";
import { patient } from "../../test/disruption-fixtures.ts";
import { assert, double, integer, property } from "../../test/seeded-properties.ts";
import { backoffMs } from "./client-behaviour.ts";

const behaviour = { ...patient, backoffMs: 100, backoffFactor: 2, maxBackoffMs: 500, jitter: 0 };

describe("the time before a retry", () => {
  it("grows by its factor up to its maximum", () => {
    expect([1, 2, 3, 4, 50].map((retry) => backoffMs(behaviour, retry, 0.9))).toEqual([100, 200, 400, 500, 500]);
    expect([1, 2, 3].map((retry) => backoffMs({ ...behaviour, backoffFactor: 1 }, retry, 0))).toEqual([100, 100, 100]);
  });

  it("is drawn evenly around that", () => {
    assert(
      property(integer({ min: 1, max: 9 }), double({ min: 0, max: 1, noNaN: true }), (retry, uniform) => {
        const plain = backoffMs(behaviour, retry, uniform);
        const drawn = backoffMs({ ...behaviour, jitter: 0.2 }, retry, uniform);
        expect(drawn).toBeCloseTo(plain * (0.8 + 0.4 * uniform), 9);
      }),
    );
  });
});
