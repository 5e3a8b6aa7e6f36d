import type { SeededRandom } from "../random/seeded-random.ts";

/** Picks one of several targets by their costs. */
export interface TargetChoice {
  /**
   * @param costs one a target, lower is better
   * @param ids of the targets, same order
   * @returns index of the chosen target
   */
  choose(costs: readonly number[], ids: readonly number[], request: number): number;
}

/** The cheapest target, ties drawn evenly; with a temperature a draw that prefers cheap ones. */
export class SeededChoice implements TargetChoice {
  private readonly random: SeededRandom;
  private readonly temperature: number;

  constructor(random: SeededRandom, temperature: number) {
    this.random = random;
    this.temperature = temperature;
  }

  choose(costs: readonly number[]): number {
    let least = Infinity;
    let most = -Infinity;
    let ties = 0;
    for (const cost of costs) {
      if (cost < least) {
        least = cost;
        ties = 0;
      }
      if (cost === least) ties++;
      if (cost > most) most = cost;
    }
    if (this.temperature > 0 && most > least) return this.draw(costs, least, most);
    let skip = ties > 1 ? this.random.integer(ties) : 0;
    for (let i = 0; i < costs.length; i++) if (costs[i] === least && skip-- === 0) return i;
    return 0;
  }

  /** Softmax over costs scaled to 0…1. */
  private draw(costs: readonly number[], least: number, most: number): number {
    const scale = (most - least) * this.temperature;
    const weights = costs.map((cost) => Math.exp(-(cost - least) / scale));
    let at = this.random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < weights.length; i++) {
      at -= weights[i]!;
      if (at < 0) return i;
    }
    return costs.length - 1;
  }
}
