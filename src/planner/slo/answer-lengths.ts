/**
 * How long answers are, from those that have ended and those under way, of which only so much is known as has come: the
 * product-limit estimate of Kaplan and Meier. Of the answers to a minute's prompts the short ones end first, so those
 * that have ended tell too little.
 */
export class AnswerLengths {
  /** Lengths at which answers end, ascending, and the share of answers longer than that. */
  private readonly ends: Float64Array;
  private readonly longer: Float64Array;

  /**
   * @param ended tokens of answers that have ended
   * @param underWay tokens so far of those that have not
   */
  constructor(ended: Float64Array, underWay: Float64Array) {
    const ends = ended.toSorted();
    const soFar = underWay.toSorted();
    const atRisk = ends.length + soFar.length;
    this.ends = ends;
    this.longer = new Float64Array(ends.length);
    let share = 1;
    let overtaken = 0;
    for (let i = 0; i < ends.length; i++) {
      while (overtaken < soFar.length && soFar[overtaken]! < ends[i]!) overtaken++;
      share *= 1 - 1 / (atRisk - i - overtaken);
      this.longer[i] = share;
    }
  }

  /**
   * A length of an answer that has got to `soFar`, tokens; at least that and one.
   * @param quantile which of them, 0..1
   */
  beyond(soFar: number, quantile: number): number {
    const { ends, longer } = this;
    const first = firstIndex(ends.length, (i) => ends[i]! > soFar);
    const share = (first === 0 ? 1 : longer[first - 1]!) * (1 - quantile);
    const found = first + firstIndex(ends.length - first, (i) => longer[first + i]! <= share);
    // Beyond the longest that has ended nothing is known: it ends now.
    return Math.max(1, Math.ceil(found < ends.length ? ends[found]! : Math.max(soFar, ends.at(-1) ?? 0)));
  }
}

/** First of `count` places from which on something holds, `count` if at none. */
function firstIndex(count: number, holds: (place: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
