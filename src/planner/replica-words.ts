/** `1 replica`, `2 replicas`. */
export function replicaWords(count: number): string {
  return `${count} replica${count === 1 ? "" : "s"}`;
}
