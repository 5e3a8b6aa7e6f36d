import { chatFirstInput, chatPrefixBlocks, chatStretchAbove, chatTurns } from "./chat.ts";
import { quantiles } from "./quantile-curve.ts";
import type { WorkloadModel } from "./workload-model.ts";

/** Like Mooncake's conversation trace (FAST '25): an hour of chat, 12,031 requests on a grid of 3 s. */
export const conversation: WorkloadModel = {
  name: "conversation",
  description: "an hour of chat like Mooncake's conversation trace: long multi-turn prompts on a 3 s grid",
  requests: 12_031,
  durationSeconds: 3537,
  tickMs: 3000,
  blockSize: 512,
  totals: { inputTokens: 144_793_823, uniqueBlocks: 182_790 },
  families: [
    {
      share: 1,
      prefixBlocks: chatPrefixBlocks,
      // Sessions that began before the recording look like first turns at its start.
      rate: [1.3, 0.97, 0.95, 0.95, 0.97, 1, 1, 1, 1, 1, 1, 1, 1],
      firstInput: chatFirstInput,
      output: quantiles(1, 3, 10, 24, 100, 256, 350, 423, 504, 597, 698, 891, 1567, 2000),
      stretchAbove: chatStretchAbove,
      turns: chatTurns,
    },
  ],
};
