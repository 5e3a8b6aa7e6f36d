import type { ShardedSweep } from "./sharded-sweep.ts";
import { shellWord } from "./shell-words.ts";

/**
 * A Slurm batch script, a shard a task of its array. A minute before its time is over a task is told to stop; submitted
 * again, it goes on from its rows.
 */
export function slurmArray({ args, shards, parallel, out }: ShardedSweep): string {
  const words = ["windtunnel", "sweep", ...args, "--quiet", "--parallel", String(parallel)].map(shellWord);
  return `#!/bin/bash
#SBATCH --job-name=windtunnel-sweep
#SBATCH --array=1-${shards}
#SBATCH --cpus-per-task=${parallel}
#SBATCH --signal=TERM@60
# When all tasks are done:
#   windtunnel sweep merge ${shellWord(out)}/shards/* --out ${shellWord(out)}
srun ${words.join(" ")} \\
  --shard "$SLURM_ARRAY_TASK_ID/${shards}" --out ${shellWord(out)}/shards/"$SLURM_ARRAY_TASK_ID"
`;
}
