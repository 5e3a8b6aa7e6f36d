import { describe, expect, it } from "vitest";
import { GapRecorder } from "../../metrics/gap-recorder.ts";
import { engineConfig } from "../../../test/golden-case.ts";
import { byContext } from "../../../test/random-workload.ts";
import type { EngineConfig } from "../engine-config.ts";
import { dynamo14, current } from "../semantics.ts";
import { DecodeTimes } from "./decode-times.ts";

describe("decode times", () => {
  it("follow referenced blocks under dynamo-1.4 and sequence lengths under current", () => {
    const engine = engineConfig({});
    // 16 of 16384 blocks of 64 tokens: 5.79272 ms (engine-reference §5.1).
    expect(new DecodeTimes(engine, dynamo14, new GapRecorder()).nanoseconds(1, 1000, 16)).toBe(5_792_720);
    expect(new DecodeTimes(engine, current, new GapRecorder()).nanoseconds(1, 1024, 4)).toBe(5_792_720);
  });

  it("hand the tokens they counted to the recorder once", () => {
    const gaps = new GapRecorder();
    const times = new DecodeTimes(engineConfig({}), dynamo14, gaps);
    times.counted(3, 3000, 16, 3);
    times.counted(3, 3003, 16, 6);
    times.nanoseconds(3, 3006, 17);
    for (let reading = 0; reading < 2; reading++) {
      const { gapNs, weight } = gaps.sorted();
      expect([...gapNs]).toEqual([5_792_720]);
      expect([...weight]).toEqual([9]);
    }
  });

  it("hand what they have found out on to the next run of a model at the same speed, but not the tokens they counted", () => {
    let priced = 0;
    const decodeMs = (requests: number, context: number) => {
      priced++;
      return byContext.decodeMs(requests, context, 0, 1);
    };
    const engine = engineConfig({ perfModel: { ...byContext, decodeMs } });
    const gapsOf = (config: EngineConfig, from: number) => {
      const gaps = new GapRecorder();
      const times = new DecodeTimes(config, current, gaps);
      for (let sumKnown = from; sumKnown < from + 1500; sumKnown += 2) times.counted(2, sumKnown, 1, 2);
      return gaps.sorted();
    };
    const first = gapsOf(engine, 0);
    expect(priced).toBe(750);
    expect(gapsOf(engine, 0)).toEqual(first);
    expect(priced).toBe(750);
    // Half of them are new: they lie in groups that come after those of the run before.
    const later = gapsOf(engine, 750);
    expect(priced).toBe(1125);
    expect(later).toEqual(gapsOf({ ...engine, perfModel: { ...byContext } }, 750));
    const faster = gapsOf({ ...engine, decodeSpeedupRatio: 2 }, 0);
    expect(priced).toBe(1875);
    expect(faster.gapNs).toEqual(first.gapNs.map((gap) => Math.round(gap / 2)));
  });
});
