/** Replicas wanted of a prefill and a decode pool; an aggregated pool is `decode`. null = no opinion. */
export interface ReplicaTargets {
  readonly prefill: number | null;
  readonly decode: number | null;
}
