/**
 * How long requests waited after losing their place among the running, in ns. Only requests it happened to take space:
 * most runs have none.
 */
export class PreemptionTimes {
  private readonly outSince = new Map<number, number>();
  private readonly waited = new Map<number, number>();

  /** A running request lost its blocks. */
  onPreempted(request: number, atNs: number): void {
    if (!this.outSince.has(request)) this.outSince.set(request, atNs);
  }

  /** It was admitted again. */
  onReadmitted(request: number, atNs: number): void {
    const since = this.outSince.get(request);
    if (since === undefined) return;
    this.outSince.delete(request);
    this.waited.set(request, this.waitedNs(request) + atNs - since);
  }

  /** Waits of a request that ended with an admission, together; 0 when it was never preempted. */
  waitedNs(request: number): number {
    return this.waited.get(request) ?? 0;
  }

  /** Waits of all requests, by request. */
  all(): [request: number, ns: number][] {
    return [...this.waited].toSorted(([a], [b]) => a - b);
  }
}
