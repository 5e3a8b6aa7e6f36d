/** Least and most GPUs; negative = that side is unbounded. */
export interface GpuBudget {
  readonly minGpus: number;
  readonly maxGpus: number;
  /** Least replicas of each pool. */
  readonly minEndpoint: number;
}

/**
 * Replicas of a single pool, moved into the budget (planner-reference §2). With both bounds set, up to one engine less
 * than the floor is accepted. 0 when not even `minEndpoint` engines fit.
 */
export function clampToBudget(replicas: number, gpus: number, budget: GpuBudget): number {
  const { minGpus, maxGpus, minEndpoint } = budget;
  const total = replicas * gpus;
  if (isWithin(total, gpus, budget)) return replicas;
  if (maxGpus >= 0 && total > maxGpus) {
    return maxGpus < minEndpoint * gpus ? 0 : Math.max(minEndpoint, Math.floor(maxGpus / gpus));
  }
  return Math.max(minEndpoint, Math.ceil(minGpus / gpus));
}

/**
 * Replicas of a prefill and a decode pool, shrunk or grown in proportion into a shared budget; what is left over goes to
 * decode. (0, 0) when not even `minEndpoint` of each fit; unchanged when the floor cannot be reached below the ceiling.
 */
export function clampPairToBudget(
  pair: readonly [prefill: number, decode: number],
  gpus: readonly [prefill: number, decode: number],
  budget: GpuBudget,
): [prefill: number, decode: number] {
  const { minGpus, maxGpus, minEndpoint } = budget;
  const [prefill, decode] = pair;
  const [prefillGpus, decodeGpus] = gpus;
  const total = prefill * prefillGpus + decode * decodeGpus;
  if (isWithin(total, Math.max(prefillGpus, decodeGpus), budget)) return [prefill, decode];

  if (maxGpus >= 0 && total > maxGpus) {
    if (maxGpus < minEndpoint * (prefillGpus + decodeGpus)) return [0, 0];
    const mostPrefill = Math.floor((maxGpus - minEndpoint * decodeGpus) / prefillGpus);
    const newPrefill = Math.max(minEndpoint, Math.min(mostPrefill, Math.floor(prefill * (maxGpus / total))));
    return [newPrefill, Math.max(minEndpoint, Math.floor((maxGpus - newPrefill * prefillGpus) / decodeGpus))];
  }

  const wanted = total <= 0 ? Math.ceil(minGpus / 2 / prefillGpus) : Math.ceil(prefill * (minGpus / total));
  const newPrefill = Math.max(minEndpoint, wanted);
  const rest = Math.max(0, minGpus - newPrefill * prefillGpus);
  const newDecode = Math.max(minEndpoint, Math.ceil(rest / decodeGpus));
  const infeasible = maxGpus >= 0 && newPrefill * prefillGpus + newDecode * decodeGpus > maxGpus;
  return infeasible ? [prefill, decode] : [newPrefill, newDecode];
}

function isWithin(total: number, widestEngine: number, { minGpus, maxGpus }: GpuBudget): boolean {
  if (maxGpus >= 0 && total > maxGpus) return false;
  const tolerance = minGpus >= 0 && maxGpus >= 0 ? widestEngine : 0;
  return minGpus < 0 || total >= minGpus - tolerance;
}
