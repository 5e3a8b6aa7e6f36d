import { playsOf, type Plays } from "../trace/plays.ts";
import type { Trace, TraceDependencies } from "../trace/trace.ts";
import type { ArrivalSource } from "./arrival-source.ts";
import { onOfferGrid } from "./offer-grid.ts";
import { ReadyQueue } from "./ready-queue.ts";

/**
 * Requests that wait for others: one is offered when all it waits for has happened and the delays after that have
 * passed. Open loop starts every play (the requests that hang together) at the recorded times of its roots; closed loop
 * keeps `concurrency` plays in flight, each until its last request has left. Offers due at one instant go in trace order.
 */
export class DependencySource implements ArrivalSource {
  readonly dependsOnCompletions = true;
  private readonly speedup: number;
  private readonly trace: Trace;
  private readonly graph: TraceDependencies;
  private readonly plays: Plays;
  /** Whether a slot waits for the end of a play. */
  private readonly capped: boolean;
  /** Things each request still waits for; −1 = it will never be offered. */
  private readonly missing: Int32Array;
  /** Latest time so far at which what a request waits for allows it, ns. */
  private readonly readyNs: Float64Array;
  /** Requests of each play that have neither left nor been dropped. */
  private readonly playLeft: Int32Array;
  /** When each play started, ns; its recorded times count from there. */
  private readonly playShiftNs: Float64Array;
  private readonly ready = new ReadyQueue();
  private readonly outgoing: Outgoing;
  private nextPlay = 0;
  private left: number;

  /** @param speedup divides arrival times and delays */
  constructor(trace: Trace, graph: TraceDependencies, speedup: number, concurrency: number | null) {
    this.trace = trace;
    this.graph = graph;
    this.speedup = speedup;
    this.capped = concurrency !== null;
    this.left = trace.count;
    this.plays = playsOf(graph, trace.count);
    this.outgoing = outgoingEdges(graph, trace.count);
    this.missing = Int32Array.from({ length: trace.count }, (_, i) => graph.offsets[i + 1]! - graph.offsets[i]!);
    this.readyNs = new Float64Array(trace.count).fill(-Infinity);
    this.playLeft = Int32Array.from(this.plays.members, ({ length }) => length);
    this.playShiftNs = new Float64Array(this.plays.members.length);
    const starting = Math.min(concurrency ?? Infinity, this.plays.members.length);
    while (this.nextPlay < starting) this.startPlay(this.capped ? 0 : null);
  }

  get nextNs(): number {
    return this.ready.nextTime;
  }

  get remaining(): number {
    return this.left;
  }

  take(): number {
    const atNs = this.ready.nextTime;
    const request = this.ready.pop();
    this.left--;
    this.release(request, atNs, true);
    return request;
  }

  onTerminal(request: number, atNs: number, abandoned = false): void {
    if (abandoned) this.drop(request);
    else this.release(request, atNs, false);
    const play = this.plays.of[request]!;
    if (--this.playLeft[play]! === 0 && this.capped && this.nextPlay < this.plays.members.length) this.startPlay(atNs);
  }

  /** @param slotNs when its slot came free; null = it starts at its recorded time */
  private startPlay(slotNs: number | null): void {
    const play = this.nextPlay++;
    const roots = this.plays.members[play]!.filter((request) => this.missing[request] === 0);
    if (slotNs !== null) {
      const firstNs = roots.reduce((first, request) => Math.min(first, this.arrivalNs(request)), Infinity);
      this.playShiftNs[play] = slotNs - firstNs;
    }
    for (const request of roots) {
      this.ready.push(slotNs ?? this.arrivalNs(request), 0, request);
    }
  }

  private arrivalNs(request: number): number {
    const at = this.trace.arrivalMs[request]!;
    return onOfferGrid(((Number.isNaN(at) ? 0 : at) / this.speedup) * 1e6);
  }

  /** Something others may wait for has happened to `request`. */
  private release(request: number, atNs: number, offered: boolean): void {
    const { outgoing, graph } = this;
    for (let edge = outgoing.offsets[request]!; edge < outgoing.offsets[request + 1]!; edge++) {
      const place = outgoing.edges[edge]!;
      if ((graph.onOffer[place] === 1) !== offered) continue;
      const waiting = outgoing.waiting[edge]!;
      const due = atNs + onOfferGrid((graph.delayMs[place]! / this.speedup) * 1e6);
      if (due > this.readyNs[waiting]!) this.readyNs[waiting] = due;
      if (this.missing[waiting]! > 0 && --this.missing[waiting]! === 0) this.queue(waiting);
    }
  }

  private queue(request: number): void {
    const notBefore = this.graph.notBeforeMs[request]!;
    const shift = this.playShiftNs[this.plays.of[request]!]!;
    const floorNs = Number.isNaN(notBefore) ? -Infinity : onOfferGrid((notBefore / this.speedup) * 1e6) + shift;
    this.ready.push(Math.max(this.readyNs[request]!, floorNs), 0, request);
  }

  /** What waits for the end of an abandoned request is never offered, nor what waits for that in turn. */
  private drop(abandoned: number): void {
    const { outgoing, graph } = this;
    const lost = [abandoned];
    while (lost.length > 0) {
      const request = lost.pop()!;
      for (let edge = outgoing.offsets[request]!; edge < outgoing.offsets[request + 1]!; edge++) {
        const waiting = outgoing.waiting[edge]!;
        const happened = request === abandoned && graph.onOffer[outgoing.edges[edge]!] === 1;
        if (happened || this.missing[waiting]! <= 0) continue;
        this.missing[waiting] = -1;
        this.left--;
        this.playLeft[this.plays.of[waiting]!]!--;
        lost.push(waiting);
      }
    }
  }
}

/** Edges by the request they leave from. */
interface Outgoing {
  readonly offsets: Float64Array;
  /** Place of the edge in the graph. */
  readonly edges: Int32Array;
  /** The request that waits. */
  readonly waiting: Int32Array;
}

function outgoingEdges({ offsets, on }: TraceDependencies, count: number): Outgoing {
  const starts = new Float64Array(count + 1);
  for (const request of on) starts[request + 1]!++;
  for (let i = 0; i < count; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice();
  const edges = new Int32Array(on.length);
  const waiting = new Int32Array(on.length);
  for (let request = 0; request < count; request++) {
    for (let place = offsets[request]!; place < offsets[request + 1]!; place++) {
      const at = next[on[place]!]!++;
      edges[at] = place;
      waiting[at] = request;
    }
  }
  return { offsets: starts, edges, waiting };
}
