import { enlarged } from "./finish-calendar.ts";

/**
 * Requests that have been admitted and not left: those running, in running order, and those preempted and waiting.
 * Columns by slot; slots are reused, so the table is as long as the most requests ever there at once.
 */
export class RunningTable {
  /** Place in the trace. */
  request = new Int32Array(64);
  promptLength = new Int32Array(64);
  /** Tokens to generate, clamped to what the engine allows. */
  outputLimit = new Int32Array(64);
  /** Deepest shared edge of the prompt, −1 = none. */
  lastEdge = new Int32Array(64);
  /** The deepest copy it made of a shared edge, −1 = none. */
  copies = new Int32Array(64);
  /** Tokens computed or found in the cache; not kept up to date while it decodes. */
  computed = new Int32Array(64);
  /** Tokens generated; not kept up to date while it decodes. */
  generated = new Int32Array(64);
  /** While it decodes: prompt + generated tokens at the start of a pass, less the number of the pass. */
  knownOffset = new Int32Array(64);
  /** While it decodes: which passes need a new block (block-phases.ts). */
  phase = new Int32Array(64);
  /** 1 while it decodes. */
  decoding = new Int32Array(64);
  /** Running order: the number of its last admission, and the neighbours. */
  order = new Int32Array(64);
  next = new Int32Array(64);
  previous = new Int32Array(64);
  head = -1;
  tail = -1;
  private freed = -1;
  private used = 0;

  /** A slot for a request that comes in. */
  take(request: number, promptLength: number, outputLimit: number, lastEdge: number): number {
    const slot = this.unusedSlot();
    this.request[slot] = request;
    this.promptLength[slot] = promptLength;
    this.outputLimit[slot] = outputLimit;
    this.lastEdge[slot] = lastEdge;
    this.copies[slot] = -1;
    this.generated[slot] = 0;
    this.decoding[slot] = 0;
    return slot;
  }

  private unusedSlot(): number {
    const slot = this.freed;
    if (slot >= 0) {
      this.freed = this.next[slot]!;
      return slot;
    }
    if (this.used === this.request.length) this.grow();
    return this.used++;
  }

  /** Gives back the slot of a request that has left. */
  free(slot: number): void {
    this.next[slot] = this.freed;
    this.freed = slot;
  }

  /** Puts a slot at the end of the running order. */
  append(slot: number, order: number): void {
    this.order[slot] = order;
    const tail = this.tail;
    this.previous[slot] = tail;
    this.next[slot] = -1;
    if (tail < 0) this.head = slot;
    else this.next[tail] = slot;
    this.tail = slot;
  }

  /** Takes a slot out of the running order. */
  unlink(slot: number): void {
    const next = this.next[slot]!;
    const previous = this.previous[slot]!;
    if (previous < 0) this.head = next;
    else this.next[previous] = next;
    if (next < 0) this.tail = previous;
    else this.previous[next] = previous;
  }

  private grow(): void {
    const capacity = this.used * 2;
    this.request = enlarged(this.request, capacity);
    this.promptLength = enlarged(this.promptLength, capacity);
    this.outputLimit = enlarged(this.outputLimit, capacity);
    this.lastEdge = enlarged(this.lastEdge, capacity);
    this.copies = enlarged(this.copies, capacity);
    this.computed = enlarged(this.computed, capacity);
    this.generated = enlarged(this.generated, capacity);
    this.knownOffset = enlarged(this.knownOffset, capacity);
    this.phase = enlarged(this.phase, capacity);
    this.decoding = enlarged(this.decoding, capacity);
    this.order = enlarged(this.order, capacity);
    this.next = enlarged(this.next, capacity);
    this.previous = enlarged(this.previous, capacity);
  }
}
