/** Tells when all parts of something are done, and when the last of them was, ns. Parts begin as long as one is not done. */
export class PendingParts {
  private pending = 0;
  private readonly onAllDone: (atNs: number) => void;

  constructor(onAllDone: (atNs: number) => void) {
    this.onAllDone = onAllDone;
  }

  /** Begins a part. @returns what to call when it is done, once */
  begin(): (atNs: number) => void {
    this.pending++;
    return (atNs) => {
      if (--this.pending === 0) this.onAllDone(atNs);
    };
  }
}
