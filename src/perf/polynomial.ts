import type { PerfModel } from "./perf-model.ts";

/**
 * The reference's default timing: an uncalibrated synthetic baseline (engine-reference §5.1). Squares are formed
 * before they are scaled, as the reference does; the last bit depends on it.
 */
export const polynomialPerfModel: PerfModel = {
  provenance: {
    kind: "polynomial",
    description: "built-in polynomial of the mocker: synthetic, not calibrated to a GPU or model",
  },
  decodeDependsOn: "occupancy",
  prefillMs(requests, meanNewTokens) {
    const tokens = requests * meanNewTokens;
    return 4.209989e-7 * (tokens * tokens) + 1.518344e-2 * tokens + 16.50142;
  },
  decodeMs(_requests, _meanContextTokens, activeTokens, poolTokens) {
    const occupancy = activeTokens / poolTokens;
    return Math.max(1, -25.74 * (occupancy * occupancy) + 54.01 * occupancy + 5.74);
  },
};
