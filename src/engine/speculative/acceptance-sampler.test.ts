import { array, assert, constant, double, nat, oneof, property } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { AcceptanceSampler } from "./acceptance-sampler.ts";
import { ChaCha12Stream } from "../../random/chacha12-stream.ts";

/** The next draw as the reference forms it: two words, low first. */
function draw(stream: ChaCha12Stream): bigint {
  const low = BigInt(stream.nextWord());
  return (BigInt(stream.nextWord()) << 32n) | low;
}

describe("ChaCha12Stream", () => {
  it("starts with the reference's first draw for seed 42", () => {
    expect(draw(new ChaCha12Stream(42))).toBe(9713269763989775522n);
  });

  it("keeps going beyond a block and differs from seed to seed", () => {
    const streams = [42, 43, 44].map((seed) => new ChaCha12Stream(seed));
    const words = streams.map((stream) => Array.from({ length: 48 }, () => stream.nextWord()));
    expect(new Set(words.flat()).size).toBe(144);
  });
});

describe("AcceptanceSampler", () => {
  it("accepts by comparing 64-bit draws with the scaled rates, as plain big integers would", () => {
    assert(
      property(
        nat({ max: 1000 }),
        array(oneof(constant(0), constant(1), double({ min: 0, max: 1, noNaN: true })), {
          maxLength: 5,
        }),
        (seed, rates) => {
          const sampler = new AcceptanceSampler(seed, rates);
          const stream = new ChaCha12Stream(seed);
          for (let step = 0; step < 30; step++) {
            let accepted = 0;
            while (accepted < rates.length) {
              const rate = rates[accepted]!;
              if (rate < 1 && draw(stream) >= BigInt(Math.floor(rate * 2 ** 64))) break;
              accepted++;
            }
            expect(sampler.acceptedDrafts()).toBe(accepted);
          }
        },
      ),
    );
  });

  it("accepts at the given rates in the long run", () => {
    const sampler = new AcceptanceSampler(42, [0.8, 0.6]);
    const counts = [0, 0, 0];
    for (let i = 0; i < 50_000; i++) counts[sampler.acceptedDrafts()]!++;
    expect(counts[0]! / 50_000).toBeCloseTo(0.2, 2);
    expect(counts[1]! / 50_000).toBeCloseTo(0.32, 2);
    expect(counts[2]! / 50_000).toBeCloseTo(0.48, 2);
  });

  it("accepts everything at rate 1 and nothing at rate 0", () => {
    expect(new AcceptanceSampler(1, [1, 1, 1]).acceptedDrafts()).toBe(3);
    expect(new AcceptanceSampler(1, [0, 1]).acceptedDrafts()).toBe(0);
    expect(new AcceptanceSampler(1, []).acceptedDrafts()).toBe(0);
  });
});
