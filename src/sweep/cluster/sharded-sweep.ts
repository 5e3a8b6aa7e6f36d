/** A sweep that a cluster's scheduler runs in shards. */
export interface ShardedSweep {
  /** Arguments of `windtunnel sweep`, without --shard, --out and --parallel. */
  readonly args: readonly string[];
  readonly shards: number;
  /** Runs at a time in each shard. */
  readonly parallel: number;
  /** Folder of the whole sweep; those of the shards lie in it. */
  readonly out: string;
}
