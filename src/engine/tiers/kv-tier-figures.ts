/** What the cache tiers of a pool did, summed over its ranks. */
export interface KvTierFigures {
  /** Prompt tokens brought back to the GPU, by the tier they were found in. */
  hostHitTokens: number;
  diskHitTokens: number;
  objectHitTokens: number;
  /** Times a request waited for blocks to be brought back, and the time it took, ns. */
  onboardings: number;
  onboardingNs: number;
  /** Blocks copied from the GPU to host memory, and evicted blocks that found no room there. */
  offloadedBlocks: number;
  droppedBlocks: number;
  /** Blocks written on to the disk and to the object store. */
  diskWrites: number;
  objectWrites: number;
  /** Contents dropped from host memory and from disk to make room. */
  hostEvictions: number;
  diskEvictions: number;
  /** Time passes waited for evicted blocks to be copied out, ns. */
  stallNs: number;
}

/** Figures of a pool in which nothing has happened. */
export function noTierFigures(): KvTierFigures {
  return {
    hostHitTokens: 0,
    diskHitTokens: 0,
    objectHitTokens: 0,
    onboardings: 0,
    onboardingNs: 0,
    offloadedBlocks: 0,
    droppedBlocks: 0,
    diskWrites: 0,
    objectWrites: 0,
    hostEvictions: 0,
    diskEvictions: 0,
    stallNs: 0,
  };
}
