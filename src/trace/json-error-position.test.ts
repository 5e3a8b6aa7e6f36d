import * as fc from "../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { jsonErrorPosition } from "./json-error-position.ts";

describe("jsonErrorPosition", () => {
  it.each([
    ['{"a":NaN}', 5],
    ['{"a":1', 6],
    ['{"a":1} x', 8],
    ['{"a":01}', 5],
    ["[1,]", 3],
    ["{,}", 1],
    ['{"a"}', 4],
    ["[1}", 2],
    ['["\\q"]', 1],
    ["", 0],
  ])("finds the fault in %j", (text, position) => {
    expect(jsonErrorPosition(text)).toBe(position);
  });

  it("passes over every valid text, and stays inside every damaged one", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom("", "}", "]", ",", "x", '"'), (text, where, put) => {
        expect(jsonErrorPosition(text)).toBe(text.length);
        const at = where % (text.length + 1);
        const damaged = text.slice(0, at) + put + text.slice(at + 1);
        let valid = true;
        try {
          JSON.parse(damaged);
        } catch {
          valid = false;
        }
        const position = jsonErrorPosition(damaged);
        if (valid) expect(position).toBe(damaged.length);
        else expect(position).toBeLessThanOrEqual(damaged.length);
      }),
      { numRuns: 1000 },
    );
  });
});
