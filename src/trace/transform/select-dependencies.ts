import { dependencyGraph, type Dependency } from "../dependency-graph.ts";
import type { TraceDependencies } from "../trace.ts";

/** Part of a graph: the requests given, in their order; what is waited for outside of them no longer is. */
export function selectDependencies(graph: TraceDependencies, requests: Uint32Array): TraceDependencies {
  const places = new Map<number, number>();
  for (const [place, request] of requests.entries()) places.set(request, place);
  const waiting = Array.from(requests, (request): Dependency[] => {
    const kept: Dependency[] = [];
    for (let at = graph.offsets[request]!; at < graph.offsets[request + 1]!; at++) {
      const on = places.get(graph.on[at]!);
      if (on !== undefined) kept.push({ on, delayMs: graph.delayMs[at]!, onOffer: graph.onOffer[at] === 1 });
    }
    return kept;
  });
  return dependencyGraph(
    waiting,
    Float64Array.from(requests, (request) => graph.notBeforeMs[request]!),
    Array.from(requests, (request) => graph.names[request]!),
  );
}

/** Times shifted by `shiftMs` and then divided by `speed`. */
export function scaleDependencies(graph: TraceDependencies, speed: number, shiftMs = 0): TraceDependencies {
  return {
    ...graph,
    delayMs: graph.delayMs.map((delay) => delay / speed),
    notBeforeMs: graph.notBeforeMs.map((at) => (at - shiftMs) / speed),
  };
}
