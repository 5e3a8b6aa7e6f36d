import type { TraceDependencies } from "./trace.ts";

/** One thing a request waits for. */
export interface Dependency {
  /** Place of the request waited for. */
  readonly on: number;
  /** Time that passes after it has happened, ms. */
  readonly delayMs: number;
  /** Whether it is enough that the other request was offered. */
  readonly onOffer: boolean;
}

/**
 * The columns of a graph of dependencies.
 *
 * @param notBeforeMs earliest time of each request that waits, ms; NaN = none
 */
export function dependencyGraph(
  waiting: readonly (readonly Dependency[])[],
  notBeforeMs: Float64Array,
  names: readonly string[],
): TraceDependencies {
  const offsets = new Float64Array(waiting.length + 1);
  for (const [request, { length }] of waiting.entries()) offsets[request + 1] = offsets[request]! + length;
  const all = waiting.flat();
  return {
    offsets,
    on: Int32Array.from(all, ({ on }) => on),
    delayMs: Float64Array.from(all, ({ delayMs }) => delayMs),
    onOffer: Uint8Array.from(all, ({ onOffer }) => (onOffer ? 1 : 0)),
    notBeforeMs,
    names,
  };
}

/** A request that waits for itself by way of others; −1 when there is none. */
export function requestOnCycle({ offsets, on }: TraceDependencies): number {
  const count = offsets.length - 1;
  // 0 = not looked at, 1 = on the path, 2 = free of cycles.
  const state = new Uint8Array(count);
  const path: number[] = [];
  const edge: number[] = [];
  for (let start = 0; start < count; start++) {
    if (state[start] !== 0) continue;
    path.push(start);
    edge.push(offsets[start]!);
    state[start] = 1;
    while (path.length > 0) {
      const request = path.at(-1)!;
      const place = edge[edge.length - 1]!++;
      if (place >= offsets[request + 1]!) {
        state[request] = 2;
        path.pop();
        edge.pop();
        continue;
      }
      const next = on[place]!;
      if (state[next] === 1) return next;
      if (state[next] === 2) continue;
      state[next] = 1;
      path.push(next);
      edge.push(offsets[next]!);
    }
  }
  return -1;
}
