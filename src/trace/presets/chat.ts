import { QuantileCurve, quantiles } from "./quantile-curve.ts";
import type { TurnModel } from "./workload-model.ts";

/**
 * The chat service behind Mooncake's conversation trace, and behind a part of its tool-and-agent trace: fitted to the
 * quantiles of the conversation trace (Qin et al., FAST '25; Apache-2.0), where a turn's parent is the latest request
 * that holds the deepest block it shares. A follow-up repeats the prompt and answer before it and adds a message,
 * mostly short; about one in four of those after a long prompt edits or cuts its history instead. Prompts just above the system prompt (891 to
 * 1,000 tokens) almost never go on.
 */
export const chatFirstInput = new QuantileCurve([
  [0, 891],
  [0.02, 895],
  [0.05, 897],
  [0.1, 905],
  [0.1725, 1000],
  [0.2, 1092],
  [0.35, 2767],
  [0.5, 5264],
  [0.65, 8827],
  [0.8, 15_871],
  [0.9, 25_559],
  [0.95, 38_493],
  [0.98, 67_125],
  [0.995, 111_632],
  [1, 126_195],
]);

/** The block that all chat prompts begin with: a system prompt. */
export const chatPrefixBlocks = 1;

/** Lengths above the shortest prompts may be stretched. */
export const chatStretchAbove = 1000;

/** How chats of the recorded workload go on, and after how long. */
export const chatTurns: TurnModel = {
  loneShare: 0.1725,
  longShare: 0.05,
  longGoesOn: 0.6,
  goesOn: [0.44, 0.51, 0.62, 0.71, 0.74, 0.82, 0.85],
  gapSeconds: quantiles(3, 20, 33, 45, 63, 93, 141, 228, 381, 558, 786, 1543, 2412, 3030),
  keepsAnswers: true,
  newTokens: quantiles(-1291, -110, -21, -4, 7, 13, 26, 88, 694, 4194, 6921, 11_726, 22_203, 91_467),
  editedAbove: 7000,
  editedShare: 0.31,
  editedTokens: quantiles(
    -43_110,
    -15_039,
    -10_402,
    -7804,
    -4301,
    -2036,
    -90,
    582,
    2503,
    5044,
    7591,
    12_702,
    24_709,
    84_005,
  ),
  keptPart: quantiles(0.01, 0.04, 0.05, 0.07, 0.1, 0.15, 0.21, 0.34, 0.52, 0.83, 0.91, 0.93, 0.96, 0.99),
};
