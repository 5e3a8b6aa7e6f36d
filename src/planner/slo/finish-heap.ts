/** A binary heap of requests under way, by the pass in which they finish. */
export class FinishHeap {
  size = 0;
  private passes = new Float64Array(64);
  private requests = new Int32Array(64);

  /** Pass of the first to finish; of no meaning when empty. */
  get firstPass(): number {
    return this.passes[0]!;
  }

  clear(): void {
    this.size = 0;
  }

  push(pass: number, request: number): void {
    if (this.size === this.passes.length) this.grow();
    const { passes, requests } = this;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (passes[parent]! <= pass) break;
      passes[at] = passes[parent]!;
      requests[at] = requests[parent]!;
      at = parent;
    }
    passes[at] = pass;
    requests[at] = request;
  }

  /** Removes the first to finish and returns its request. */
  pop(): number {
    const { passes, requests } = this;
    const first = requests[0]!;
    const size = --this.size;
    const pass = passes[size]!;
    const request = requests[size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && passes[child + 1]! < passes[child]!) child++;
      if (passes[child]! >= pass) break;
      passes[at] = passes[child]!;
      requests[at] = requests[child]!;
      at = child;
    }
    passes[at] = pass;
    requests[at] = request;
    return first;
  }

  private grow(): void {
    const passes = new Float64Array(this.size * 2);
    const requests = new Int32Array(this.size * 2);
    passes.set(this.passes);
    requests.set(this.requests);
    this.passes = passes;
    this.requests = requests;
  }
}
