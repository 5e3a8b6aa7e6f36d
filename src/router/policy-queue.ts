import type { PolicyClass } from "./policy-profile.ts";
import { RequestQueue, sendingCost, type QueuedRequest } from "./request-queue.ts";

/** A class's queue and its account. */
interface ClassQueue {
  readonly policyClass: PolicyClass;
  readonly queue: RequestQueue;
  /** Uncached prompt tokens the class may send before its next turn. */
  credit: number;
  promptTokens: number;
  cachedTokens: number;
}

/**
 * The requests held back, a queue a class. The classes share by deficit round robin: a turn adds a class's quantum to its
 * credit, a request that goes takes its uncached prompt tokens off it, and a class without requests loses what is left.
 */
export class PolicyQueue {
  private readonly classes: readonly ClassQueue[];
  private held = 0;
  /** The class whose turn is next. */
  private turn = 0;
  /** The class that has sent last and still has credit. */
  private carry = -1;

  constructor(classes: readonly PolicyClass[]) {
    this.classes = classes.map((policyClass) => ({
      policyClass,
      queue: new RequestQueue(policyClass.queuePolicy),
      credit: 0,
      promptTokens: 0,
      cachedTokens: 0,
    }));
  }

  get length(): number {
    return this.held;
  }

  waiting(classIndex: number): number {
    return this.classes[classIndex]!.queue.length;
  }

  /** Adds a request unless as many as its class allows wait already for each of `targets`; false = refused. */
  push(classIndex: number, queued: QueuedRequest, targets: number): boolean {
    const entry = this.classes[classIndex]!;
    const { requestLimit, promptTokenLimit, cachedTokenLimit } = entry.policyClass;
    const full = (limit: number | null, waiting: number) => limit !== null && waiting >= limit * targets;
    if (full(requestLimit, entry.queue.length)) return false;
    if (full(promptTokenLimit, entry.promptTokens) || full(cachedTokenLimit, entry.cachedTokens)) return false;
    entry.queue.push(queued);
    entry.promptTokens += queued.promptTokens;
    entry.cachedTokens += queued.cachedTokens;
    this.held++;
    return true;
  }

  /** Removes the request that goes next among the classes that may send now; null = none. */
  pop(maySend: (policyClass: PolicyClass) => boolean): QueuedRequest | null {
    const carried = this.carry;
    this.carry = -1;
    if (this.held === 0) return null;
    const costs = this.classes.map(({ policyClass, queue }) =>
      queue.length > 0 && maySend(policyClass) ? sendingCost(queue.peek()!) : Infinity,
    );
    if (carried >= 0 && costs[carried]! <= this.classes[carried]!.credit) return this.take(carried);
    const { length } = this.classes;
    for (let offset = 0; offset < length; offset++) {
      const at = (this.turn + offset) % length;
      const entry = this.classes[at]!;
      const cost = costs[at]!;
      if (cost === Infinity) continue;
      if (cost > entry.credit) entry.credit += entry.policyClass.quantum;
      if (cost <= entry.credit) return this.take(at);
    }
    return this.takeAfterTurns(costs);
  }

  /** Takes a request out, wherever it stands; false when it does not wait. */
  remove(request: number): boolean {
    for (const entry of this.classes) {
      const queued = entry.queue.remove(request);
      if (queued === undefined) continue;
      this.forget(entry, queued);
      return true;
    }
    return false;
  }

  /** As many whole turns as it takes until some class can send. */
  private takeAfterTurns(costs: readonly number[]): QueuedRequest | null {
    let turns = Infinity;
    for (const [at, cost] of costs.entries()) {
      const { credit, policyClass } = this.classes[at]!;
      if (cost < Infinity) turns = Math.min(turns, Math.ceil((cost - credit) / policyClass.quantum));
    }
    if (turns === Infinity) return null;
    for (const [at, cost] of costs.entries()) {
      const entry = this.classes[at]!;
      if (cost < Infinity) entry.credit += turns * entry.policyClass.quantum;
    }
    const { length } = this.classes;
    for (let offset = 0; offset < length; offset++) {
      const at = (this.turn + offset) % length;
      if (costs[at]! <= this.classes[at]!.credit) return this.take(at);
    }
    return null;
  }

  private take(at: number): QueuedRequest {
    const entry = this.classes[at]!;
    const queued = entry.queue.pop()!;
    this.turn = (at + 1) % this.classes.length;
    entry.credit -= sendingCost(queued);
    this.forget(entry, queued);
    if (entry.credit > 0) this.carry = at;
    return queued;
  }

  private forget(entry: ClassQueue, queued: QueuedRequest): void {
    this.held--;
    entry.promptTokens -= queued.promptTokens;
    entry.cachedTokens -= queued.cachedTokens;
    if (entry.queue.length === 0) entry.credit = 0;
  }
}
