/** Requests that will have left the system at known times, in the order (time, order of report). */
export class FinishedQueue {
  private readonly times: number[] = [];
  private readonly requests: number[] = [];
  private head = 0;

  /** Earliest time, or Infinity. */
  get nextNs(): number {
    return this.head < this.times.length ? this.times[this.head]! : Infinity;
  }

  /** Adds a request that leaves at `atNs`; equal times keep the order of the calls. */
  push(request: number, atNs: number): void {
    let at = this.times.length;
    this.times.push(atNs);
    this.requests.push(request);
    while (at > this.head && this.times[at - 1]! > atNs) {
      this.times[at] = this.times[at - 1]!;
      this.requests[at] = this.requests[at - 1]!;
      at--;
    }
    this.times[at] = atNs;
    this.requests[at] = request;
  }

  /** Removes the earliest request. */
  pop(): number {
    const request = this.requests[this.head++]!;
    if (this.head > 1024 && this.head * 2 > this.times.length) {
      this.times.splice(0, this.head);
      this.requests.splice(0, this.head);
      this.head = 0;
    }
    return request;
  }
}
