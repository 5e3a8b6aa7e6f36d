import { expect, it } from "vitest";
import { engineConfig } from "../../../test/golden-case.ts";
import { byAll, byContext } from "../../../test/random-workload.ts";
import * as fc from "../../../test/seeded-properties.ts";
import { GapRecorder } from "../../metrics/gap-recorder.ts";
import { polynomialPerfModel } from "../../perf/polynomial.ts";
import { PassPrice } from "../pass-price.ts";
import { current, dynamo14 } from "../semantics.ts";
import { end, firstEnd, lastStart, newClock, secondLastStart, start } from "./clock.ts";
import { runRow } from "./decode-row.ts";
import { DecodeTimes } from "./decode-times.ts";
import type { RunningBatch } from "./running-batch.ts";

const rows = fc.array(
  fc.record({
    decodes: fc.oneof(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 6 })),
    meanKnown: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 250, max: 258 })),
    uneven: fc.nat(5),
    active: fc.integer({ min: 1, max: 60 }),
    most: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 900 })),
    atNs: fc.constantFrom(0, 1_000_000, 1_000_000.25),
    forNs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 2_000_000_000 })),
  }),
  { minLength: 1, maxLength: 6 },
);
const models = fc.constantFrom(polynomialPerfModel, byContext, byAll);

it("times rows of decodes, and counts who waited, as pass by pass: within groups, across them and past the pool", () => {
  fc.assert(
    fc.property(rows, models, fc.constantFrom(dynamo14, current), (given, perfModel, semantics) => {
      // 60 blocks of 64 tokens: six requests of 2,000 tokens are far more than the pool holds.
      const engine = engineConfig({ numGpuBlocks: 60, blockSize: 64, perfModel });
      const price = new PassPrice(engine);
      const gaps = new GapRecorder();
      const times = new DecodeTimes(engine, semantics, gaps);
      const waited = new Map<number, number>();
      for (const { decodes, meanKnown, uneven, active, most, atNs, forNs } of given) {
        const sumKnown = decodes * meanKnown + (uneven % decodes);
        const starts: number[] = [];
        let known = sumKnown;
        let at = atNs;
        let firstPassEnd = 0;
        while (starts.length < most && at < atNs + forNs) {
          const tokens = semantics.decodeActiveTokens === "sequence-lengths" ? known : active * engine.blockSize;
          const passNs = price.decodeNs(decodes, known, tokens);
          waited.set(passNs, (waited.get(passNs) ?? 0) + decodes);
          starts.push(at);
          at += passNs;
          known += decodes;
          if (starts.length === 1) firstPassEnd = at;
        }
        const clock = newClock();
        clock[start] = atNs;
        const batch = { decodes, sumKnown, pool: { active } } as RunningBatch;
        expect(runRow(clock, batch, times, most, atNs + forNs)).toBe(starts.length);
        expect([clock[firstEnd], clock[lastStart], clock[end]]).toEqual([firstPassEnd, starts.at(-1), at]);
        if (starts.length > 1) expect(clock[secondLastStart]).toBe(starts.at(-2));
      }
      const { gapNs, weight } = gaps.sorted();
      const counted = [...gapNs].map((gap, i) => [gap, weight[i]]);
      expect(counted).toEqual([...waited].toSorted(([a], [b]) => a - b));
    }),
  );
});
