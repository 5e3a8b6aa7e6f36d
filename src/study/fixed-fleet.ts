/** Name of the fleet of so many fixed workers. */
export function staticName(workers: number): string {
  return `fixed-${workers}`;
}

/** The workers of a fixed fleet by its name; null for any other. */
export function staticWorkers(name: string): number | null {
  const match = /^fixed-(\d+)$/.exec(name);
  return match === null ? null : Number(match[1]);
}
