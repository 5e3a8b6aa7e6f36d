import { describe, expect, it } from "vitest";
import { FleetMemory } from "./fleet-memory.ts";

/** A minute of traffic that needs so many replicas: with fewer, that share of it misses. */
function watch(memory: FleetMemory, needs: readonly number[], options: { sure?: number; safe?: number } = {}) {
  let kept = memory.kept(0);
  needs.forEach((needed, i) => {
    const atSeconds = 60 * (i + 1);
    memory.remember({
      sinceSeconds: atSeconds - 60,
      atSeconds,
      enough: needed,
      safe: needed + (options.safe ?? 0),
      sure: options.sure ?? 99,
      jumped: false,
      arrived: 100 * needed,
      missShare: (workers) => Math.max(0, 1 - workers / needed),
    });
    kept = memory.kept(atSeconds);
  });
  return kept;
}

const steady = (minutes: number, needed: number): number[] => Array.from({ length: minutes }, () => needed);
/** Ten minutes of 2, five of 6, again and again. */
const waves = (count: number): number[] =>
  Array.from({ length: count }, () => [...steady(10, 2), ...steady(5, 6)]).flat();

describe("FleetMemory", () => {
  it("keeps everything until it has watched for the usual time", () => {
    expect(watch(new FleetMemory(300, 0, 0.025), steady(2, 2)).replicas).toBe(Infinity);
    expect(watch(new FleetMemory(300, 0, 0.025), steady(5, 2)).replicas).toBe(99);
    expect(watch(new FleetMemory(300, 0, 0.025), steady(6, 2)).replicas).toBe(2);
  });

  it("lets replicas go early that are enough by far", () => {
    const kept = watch(new FleetMemory(300, 0, 0.025), steady(3, 2), { sure: 3 });
    expect(kept).toMatchObject({ replicas: 3, sure: true });
  });

  it("keeps the most of the usual time, and the safe number of it", () => {
    expect(watch(new FleetMemory(300, 0, 0.025), [...steady(10, 6), ...steady(4, 2)]).replicas).toBe(6);
    expect(watch(new FleetMemory(300, 0, 0.025), [...steady(10, 6), ...steady(5, 2)]).replicas).toBe(2);
    expect(watch(new FleetMemory(300, 0, 0.025), steady(9, 4), { safe: 1 }).replicas).toBe(5);
  });

  it("holds longer where the load keeps coming back faster than replicas start", () => {
    const quiet = [...waves(4), ...steady(9, 2)];
    const slow = watch(new FleetMemory(300, 180, 0.025), quiet);
    // Ten quiet minutes and the three that a replica needs are more than twice the usual time.
    expect(slow.holdSeconds).toBe(1200);
    expect(slow.replicas).toBe(6);
    expect(watch(new FleetMemory(300, 180, 0.9), quiet)).toMatchObject({ holdSeconds: 300, replicas: 2 });
  });

  it("does not hold longer for a burst that a longer hold would not have met either", () => {
    const once = [...steady(40, 2), ...steady(5, 6), ...steady(20, 2)];
    expect(watch(new FleetMemory(300, 180, 0.025), once)).toMatchObject({ holdSeconds: 300, replicas: 2 });
  });

  it("does not hold longer for a load that came back once: that can be chance", () => {
    const twice = [...steady(5, 6), ...steady(10, 2), ...steady(5, 6), ...steady(12, 2)];
    expect(watch(new FleetMemory(300, 180, 0.025), twice)).toMatchObject({ holdSeconds: 300, replicas: 2 });
  });

  it("believes what was found in the first seconds of a jump only until more is known", () => {
    const memory = new FleetMemory(300, 0, 0.025);
    watch(memory, steady(9, 2));
    const found = { sinceSeconds: 540, arrived: 100, sure: 99, missShare: () => 0 };
    memory.remember({ ...found, atSeconds: 550, enough: 9, safe: 9, jumped: true });
    expect(memory.kept(550).replicas).toBe(9);
    memory.remember({ ...found, atSeconds: 600, enough: 5, safe: 6, jumped: false });
    expect(memory.kept(600).replicas).toBe(6);
  });

  it("forgets after two hours", () => {
    const kept = watch(new FleetMemory(300, 180, 0.025), [...waves(4), ...steady(150, 2)]);
    expect(kept).toMatchObject({ holdSeconds: 300, replicas: 2 });
  });
});
