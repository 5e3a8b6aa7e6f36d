/** Cache tiers below GPU memory (engine-reference §3, §3.1). Bandwidths in 1e9 byte/s, 0 = transfers take no time. */
export interface KvTierConfig {
  /** Blocks of host memory a rank has; at least 1. */
  readonly hostBlocks: number;
  /** Blocks of disk a rank has; 0 = no disk. */
  readonly diskBlocks: number;
  /** An object store all workers share, without a limit. */
  readonly objectStore: boolean;
  /** Most blocks one GPU → host transfer carries. */
  readonly offloadBatchSize: number;
  readonly gpuToHost: number;
  readonly hostToGpu: number;
  readonly hostToDisk: number;
  readonly diskToHost: number;
  readonly hostToObject: number;
  readonly objectToHost: number;
}
