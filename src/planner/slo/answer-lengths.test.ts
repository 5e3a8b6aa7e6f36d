import { array, assert, double, integer, property } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { AnswerLengths } from "./answer-lengths.ts";

function lengths(ended: readonly number[], underWay: readonly number[] = []): AnswerLengths {
  return new AnswerLengths(Float64Array.from(ended), Float64Array.from(underWay));
}

const quarters = [0.1, 0.3, 0.6, 0.9];

describe("AnswerLengths", () => {
  it("draws from those that have ended where none is under way", () => {
    const all = lengths([40, 10, 30, 20]);
    expect(quarters.map((quantile) => all.beyond(0, quantile))).toEqual([10, 20, 30, 40]);
  });

  it("knows that an answer is longer than what has come of it", () => {
    const all = lengths([40, 10, 30, 20]);
    expect([0.1, 0.9].map((quantile) => all.beyond(20, quantile))).toEqual([30, 40]);
    expect(all.beyond(70, 0.5)).toBe(70);
  });

  it("counts those under way among the longer ones: short answers end first", () => {
    // Kaplan-Meier by hand: 4/5 are longer than 10, then two left the count at 15: 4/5 · 1/2 are longer than 20.
    const all = lengths([10, 20, 30], [15, 15]);
    // One that has got just as far as another that ended was at risk then: 2/3 are longer than 10.
    expect(lengths([10, 20], [10]).beyond(0, 0.45)).toBe(20);
    expect([0.19, 0.21, 0.59, 0.61].map((quantile) => all.beyond(0, quantile))).toEqual([10, 20, 20, 30]);
  });

  it("gets the mean of answers cut off at a common length no lower than that of those that ended", () => {
    const tokens = integer({ min: 1, max: 1000 });
    assert(
      property(array(tokens, { minLength: 5 }), tokens, double({ min: 0, max: 0.999, noNaN: true }), (all, cut, at) => {
        const ended = all.filter((length) => length <= cut);
        const underWay = all.filter((length) => length > cut).map(() => cut);
        if (ended.length === 0) return;
        expect(lengths(ended, underWay).beyond(0, at)).toBeGreaterThanOrEqual(lengths(ended).beyond(0, at));
      }),
    );
  });

  it("has something to say before any has ended", () => {
    expect(lengths([], [25]).beyond(25, 0.5)).toBe(25);
    expect(lengths([]).beyond(0, 0.5)).toBe(1);
  });
});
