import { describe, expect, it } from "vitest";
import { GapRecorder } from "../../metrics/gap-recorder.ts";
import { engineConfig } from "../../../test/golden-case.ts";
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
});
