import { expect, test } from "vitest";
import { SeededRandom } from "../random/seeded-random.ts";
import { SeededChoice } from "./target-choice.ts";

const draws = 6000;

/** How often each target is chosen, as a share. */
function shares(costs: readonly number[], temperature: number): number[] {
  const choice = new SeededChoice(new SeededRandom(3), temperature);
  const counts = costs.map(() => 0);
  for (let i = 0; i < draws; i++) counts[choice.choose(costs)]!++;
  return counts.map((count) => count / draws);
}

/** Three standard deviations of a share. */
const near = (share: number, wanted: number) =>
  expect(Math.abs(share - wanted)).toBeLessThan(3 * Math.sqrt((wanted * (1 - wanted)) / draws) + 1e-12);

test("the cheapest target is chosen, and of several cheapest ones each as often", () => {
  expect(shares([3, 1, 2], 0)).toEqual([0, 1, 0]);
  for (const temperature of [0, 0.5]) for (const share of shares([7, 7, 7], temperature)) near(share, 1 / 3);
  const [first, dear, last] = shares([1, 4, 1], 0);
  expect(dear).toBe(0);
  near(first!, 0.5);
  near(last!, 0.5);
});

// KvRouterSettings.temperature: weights exp(−cost / temperature) of costs scaled to 0…1.
test("with a temperature dearer ones are chosen, too, by their scaled costs", () => {
  for (const costs of [
    [0, 5, 10],
    [100, 150, 200],
  ]) {
    const weights = [1, Math.exp(-0.5 / 0.5), Math.exp(-1 / 0.5)];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, share] of shares(costs, 0.5).entries()) near(share, weights[i]! / total);
  }
});
