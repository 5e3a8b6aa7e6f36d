import { chatFirstInput, chatPrefixBlocks, chatStretchAbove, chatTurns } from "./chat.ts";
import { QuantileCurve, quantiles } from "./quantile-curve.ts";
import type { WorkloadModel } from "./workload-model.ts";

/**
 * Like Mooncake's tool-and-agent trace (FAST '25): an hour, 23,608 requests on a grid of about 3.05 s. Two tools with
 * long fixed instructions (12 and 5 blocks) and near-constant lengths, and chat. Lengths of the tools and all answers
 * are fitted to the first 1,000 rows of the trace, the shares to the mean answer of the whole; the tools' rates rise from
 * those of the first rows to meet these shares.
 */
export const toolagent: WorkloadModel = {
  name: "toolagent",
  description: "an hour like Mooncake's tool-and-agent trace: chat and two tools with long shared instructions",
  requests: 23_608,
  durationSeconds: 3537,
  tickMs: 3053,
  blockSize: 512,
  totals: { inputTokens: 202_791_701, uniqueBlocks: 183_166 },
  families: [
    {
      share: 0.3905,
      prefixBlocks: 12,
      rate: [0.7, 1.3],
      firstInput: quantiles(6164, 6166, 6167, 6169, 6179, 6400, 6654, 6900, 7125, 7396, 7718, 8479, 9402, 9679),
      // Six in ten answer with three tokens.
      output: new QuantileCurve([
        [0, 3],
        [0.6, 3],
        [0.65, 22],
        [0.8, 28],
        [0.9, 33],
        [0.95, 38],
        [0.99, 51],
        [1, 191],
      ]),
    },
    {
      share: 0.166,
      prefixBlocks: 5,
      rate: [0.77, 1.23],
      firstInput: quantiles(2958, 2981, 3047, 3107, 3124, 3140, 3156, 3195, 3374, 4111, 4276, 4385, 4754, 4989),
      output: quantiles(14, 15, 15, 15, 17, 18, 20, 20.5, 22, 23, 24, 26, 29, 33),
    },
    {
      share: 0.4435,
      prefixBlocks: chatPrefixBlocks,
      // Sessions that began before the recording look like first turns at its start.
      rate: [1.65, 1.2, 1, 0.95, 0.95, 0.95, 0.96, 0.97, 0.98, 0.99, 1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08],
      firstInput: chatFirstInput,
      output: quantiles(1, 19, 41, 104, 221, 325, 389, 452, 536, 613, 671, 832, 1848, 2000),
      stretchAbove: chatStretchAbove,
      turns: chatTurns,
    },
  ],
};
