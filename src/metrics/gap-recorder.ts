/**
 * Pooled inter-token gaps: (gap in ns, how many requests saw it), kept exactly. When the list grows long, equal gaps
 * are merged, so memory follows the number of distinct gaps.
 */
export class GapRecorder {
  private gapNs = new Float64Array(1024);
  private weight = new Float64Array(1024);
  private used = 0;
  private compactAt = 1 << 21;

  /** Records that `count` requests each waited `gapNs` between two consecutive tokens. */
  add(gapNs: number, count: number): void {
    const index = this.used;
    if (index === this.gapNs.length) this.grow();
    this.gapNs[index] = gapNs;
    this.weight[index] = count;
    this.used = index + 1;
  }

  /** The distinct gaps in ascending order (ns) with their counts; the arrays are views into this recorder. */
  sorted(): { gapNs: Float64Array; weight: Float64Array } {
    this.compact();
    return { gapNs: this.gapNs.subarray(0, this.used), weight: this.weight.subarray(0, this.used) };
  }

  private grow(): void {
    if (this.used >= this.compactAt) {
      this.compact();
      this.compactAt = Math.max(1 << 21, this.used * 2);
      if (this.used < this.gapNs.length / 2) return;
    }
    const capacity = this.gapNs.length * 2;
    const gapNs = new Float64Array(capacity);
    gapNs.set(this.gapNs);
    const weight = new Float64Array(capacity);
    weight.set(this.weight);
    this.gapNs = gapNs;
    this.weight = weight;
  }

  /** Sorts by gap and merges equal gaps. */
  private compact(): void {
    const used = this.used;
    const order = new Uint32Array(used);
    for (let i = 0; i < used; i++) order[i] = i;
    const gaps = this.gapNs;
    order.sort((a, b) => gaps[a]! - gaps[b]!);
    const gapNs = new Float64Array(Math.max(1024, used));
    const weight = new Float64Array(Math.max(1024, used));
    let out = -1;
    for (let i = 0; i < used; i++) {
      const index = order[i]!;
      const gap = gaps[index]!;
      if (out < 0 || gapNs[out] !== gap) gapNs[++out] = gap;
      weight[out]! += this.weight[index]!;
    }
    this.gapNs = gapNs;
    this.weight = weight;
    this.used = out + 1;
  }
}
