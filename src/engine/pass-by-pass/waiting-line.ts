import { knownTokens, type RequestState } from "./request-state.ts";

/**
 * Requests waiting for admission: first in first out, a preempted one goes to the front. Keeps the sums the
 * forward-pass metrics report of it, so that a long queue costs a pass nothing.
 */
export class WaitingLine {
  /** Waiting and never run here, and their prompt tokens. */
  prefillRequests = 0;
  prefillTokens = 0;
  /** Preempted or handed over, and their prompt + generated tokens; prompt tokens only on a decode worker. */
  decodeRequests = 0;
  decodeTokens = 0;
  countsGenerated = true;
  private items: RequestState[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  get first(): RequestState | undefined {
    return this.items[this.head];
  }

  /** Whether a prompt that was handed over is among them. */
  get someHandedOver(): boolean {
    for (let at = this.items.length - 1; at >= this.head; at--) if (this.items[at]!.materialised) return true;
    return false;
  }

  pushBack(state: RequestState): void {
    this.items.push(state);
    this.count(state, 1);
  }

  pushFront(state: RequestState): void {
    if (this.head > 0) this.items[--this.head] = state;
    else this.items.unshift(state);
    this.count(state, 1);
  }

  /** Takes the first one out; the line must not be empty. */
  removeFirst(): RequestState {
    const state = this.items[this.head++]!;
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    this.count(state, -1);
    return state;
  }

  /** Takes out the first one a prompt was handed over for, wherever it stands. */
  removeFirstMaterialised(): RequestState | undefined {
    let at = this.head;
    while (at < this.items.length && !this.items[at]!.materialised) at++;
    if (at === this.head) return at < this.items.length ? this.removeFirst() : undefined;
    const [state] = this.items.splice(at, 1);
    if (state !== undefined) this.count(state, -1);
    return state;
  }

  /** Puts a request behind the last one for which `after` does not hold, looking from the end. */
  insertFromBack(state: RequestState, after: (other: RequestState) => boolean): void {
    let at = this.items.length;
    while (at > this.head && after(this.items[at - 1]!)) at--;
    this.items.splice(at, 0, state);
    this.count(state, 1);
  }

  /** Takes out a request, wherever it stands. */
  remove(request: number): RequestState | undefined {
    for (let at = this.head; at < this.items.length; at++) {
      if (this.items[at]!.request !== request) continue;
      const [state] = this.items.splice(at, 1);
      this.count(state!, -1);
      return state;
    }
    return undefined;
  }

  *[Symbol.iterator](): IterableIterator<RequestState> {
    for (let i = this.head; i < this.items.length; i++) yield this.items[i]!;
  }

  private count(state: RequestState, sign: 1 | -1): void {
    if (state.preempted || state.materialised) {
      this.decodeRequests += sign;
      this.decodeTokens += sign * (this.countsGenerated ? knownTokens(state) : state.promptLength);
    } else {
      this.prefillRequests += sign;
      this.prefillTokens += sign * state.promptLength;
    }
  }
}
