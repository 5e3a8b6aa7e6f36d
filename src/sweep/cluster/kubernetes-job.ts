import { stringify } from "yaml";
import type { ShardedSweep } from "./sharded-sweep.ts";
import { shellWord } from "./shell-words.ts";

/** What a cluster needs to know beside the sweep. */
export interface KubernetesPlace {
  /** Image with Node and the windtunnel package. */
  readonly image: string;
  /** Persistent volume claim all pods can write to; the pods' working directory. */
  readonly volumeClaim: string;
}

const mountPath = "/data";
const container = "sweep";

/**
 * A Kubernetes Indexed Job (batch/v1), a shard an index, as YAML. A pod that is evicted goes on from its rows and does
 * not count as failed; a mistake in what was given (exit code 2) ends the job at once, for no pod would do better.
 */
export function kubernetesJob(sweep: ShardedSweep, { image, volumeClaim }: KubernetesPlace): string {
  const { args, shards, parallel, out } = sweep;
  const words = ["windtunnel", "sweep", ...args, "--quiet", "--parallel", String(parallel)].map(podWord);
  // The shell gives way to the program, so that the pod's SIGTERM reaches it.
  const command = `exec ${words.join(" ")} --shard "$((JOB_COMPLETION_INDEX + 1))/${shards}" --out ${podWord(out)}/shards/"$JOB_COMPLETION_INDEX"`;
  const job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "windtunnel-sweep", labels: { "app.kubernetes.io/name": "windtunnel" } },
    spec: {
      completionMode: "Indexed",
      completions: shards,
      parallelism: shards,
      backoffLimit: 2 * shards,
      podFailurePolicy: {
        rules: [
          { action: "FailJob", onExitCodes: { containerName: container, operator: "In", values: [2] } },
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        ],
      },
      template: {
        metadata: { labels: { "app.kubernetes.io/name": "windtunnel" } },
        spec: {
          restartPolicy: "Never",
          containers: [
            {
              name: container,
              image,
              workingDir: mountPath,
              command: ["/bin/sh", "-c", command],
              resources: { requests: { cpu: String(parallel), memory: `${1 + Math.ceil(parallel / 4)}Gi` } },
              volumeMounts: [{ name: "data", mountPath }],
            },
          ],
          volumes: [{ name: "data", persistentVolumeClaim: { claimName: volumeClaim } }],
        },
      },
    },
  };
  const merge = `windtunnel sweep merge ${shellWord(out)}/shards/* --out ${shellWord(out)}`;
  return `# Paths count from the volume ${volumeClaim}, mounted at ${mountPath}. When all shards are done, there:\n#   ${merge}\n${stringify(job, { lineWidth: 0 })}`;
}

/** Kubernetes itself puts values in for `$(NAME)` before the shell sees a command; a doubled `$` is a plain one to it. */
function podWord(word: string): string {
  return shellWord(word).replaceAll("$", "$$$$");
}
