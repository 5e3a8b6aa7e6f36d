import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { BlockPhases } from "./block-phases.ts";
import { FinishCalendar } from "./finish-calendar.ts";

describe("the finish calendar", () => {
  it("gives each pass its slots in running order, however far away they were entered and whatever was removed", () => {
    const entries = fc.uniqueArray(
      fc.record({ pass: fc.integer({ min: 0, max: 5000 }), order: fc.nat(500), removed: fc.boolean() }),
      { selector: (entry) => entry.order, maxLength: 200 },
    );
    fc.assert(
      fc.property(entries, (entered) => {
        const calendar = new FinishCalendar();
        for (const [slot, { pass, order }] of entered.entries()) calendar.add(slot, pass, order);
        for (const [slot, { removed }] of entered.entries()) if (removed) calendar.remove(slot);
        const left = [...entered.entries()].filter(([, { removed }]) => !removed);
        for (const pass of new Set(entered.map((entry) => entry.pass))) {
          const due: number[] = [];
          for (let slot = calendar.firstAt(pass); slot >= 0; slot = calendar.nextAt(slot, pass)) due.push(slot);
          const expected = left
            .filter(([, entry]) => entry.pass === pass)
            .toSorted(([, a], [, b]) => a.order - b.order);
          expect(due).toEqual(expected.map(([slot]) => slot));
        }
        const first = Math.min(...left.map(([, { pass }]) => pass));
        if (left.length > 0) expect(calendar.passesToNext(0)).toBeLessThanOrEqual(first);
      }),
      { seed: 11 },
    );
  });
});

describe("block phases", () => {
  it("tell how far the next pass is in which somebody needs a block", () => {
    const phases = fc
      .integer({ min: 1, max: 100 })
      .chain((size) => fc.tuple(fc.constant(size), fc.array(fc.nat(size - 1), { minLength: 1 }), fc.nat(size - 1)));
    fc.assert(
      fc.property(phases, ([size, occupied, from]) => {
        const ring = new BlockPhases(size);
        for (const phase of occupied) ring.add(phase);
        let distance = 1;
        while (!occupied.includes((from + distance) % size)) distance++;
        expect(ring.passesToNext(from)).toBe(distance);
        expect(ring.countAt(from)).toBe(occupied.filter((phase) => phase === from).length);
      }),
      { seed: 13 },
    );
  });
});
