/** Binary heap of requests that become ready, ordered by (time, session, request). */
export class ReadyQueue {
  private readonly times: number[] = [];
  private readonly sessions: number[] = [];
  private readonly requests: number[] = [];

  /** Earliest time in the queue, or Infinity. */
  get nextTime(): number {
    return this.times.length === 0 ? Infinity : this.times[0]!;
  }

  /** What the first entry was pushed with as its session. The queue must not be empty. */
  get nextSession(): number {
    return this.sessions[0]!;
  }

  push(time: number, session: number, request: number): void {
    let at = this.times.length;
    this.times.push(time);
    this.sessions.push(session);
    this.requests.push(request);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  /** Removes the first request. The queue must not be empty. */
  pop(): number {
    const first = this.requests[0]!;
    const last = this.times.length - 1;
    this.swap(0, last);
    this.times.pop();
    this.sessions.pop();
    this.requests.pop();
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= last) return first;
      const right = left + 1;
      const child = right < last && this.before(right, left) ? right : left;
      if (!this.before(child, at)) return first;
      this.swap(child, at);
      at = child;
    }
  }

  /** Takes out all entries of a request. */
  remove(request: number): void {
    if (!this.requests.includes(request)) return;
    const kept = this.requests.flatMap((other, at) =>
      other === request ? [] : [{ time: this.times[at]!, session: this.sessions[at]!, request: other }],
    );
    this.times.length = 0;
    this.sessions.length = 0;
    this.requests.length = 0;
    for (const entry of kept) this.push(entry.time, entry.session, entry.request);
  }

  private before(a: number, b: number): boolean {
    const byTime = this.times[a]! - this.times[b]!;
    return (byTime || this.sessions[a]! - this.sessions[b]! || this.requests[a]! - this.requests[b]!) < 0;
  }

  private swap(a: number, b: number): void {
    swapIn(this.times, a, b);
    swapIn(this.sessions, a, b);
    swapIn(this.requests, a, b);
  }
}

function swapIn(column: number[], a: number, b: number): void {
  const value = column[a]!;
  column[a] = column[b]!;
  column[b] = value;
}
