import type { TraceDependencies } from "./trace.ts";

/** Requests that hang together. */
export interface Plays {
  /** Play of each request, numbered by their first request. */
  readonly of: Int32Array;
  /** Requests of each play, in trace order. */
  readonly members: readonly number[][];
}

/** The connected parts of a graph of dependencies. */
export function playsOf({ offsets, on }: TraceDependencies, count: number): Plays {
  const parent = Int32Array.from({ length: count }, (_, request) => request);
  const rootOf = (request: number): number => {
    let root = request;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = request; at !== root;) {
      const next = parent[at]!;
      parent[at] = root;
      at = next;
    }
    return root;
  };
  for (let request = 0; request < count; request++) {
    for (let place = offsets[request]!; place < offsets[request + 1]!; place++) {
      const one = rootOf(request);
      const other = rootOf(on[place]!);
      parent[Math.max(one, other)] = Math.min(one, other);
    }
  }
  const of = new Int32Array(count).fill(-1);
  const members: number[][] = [];
  for (let request = 0; request < count; request++) {
    const root = rootOf(request);
    if (of[root] === -1) of[root] = members.push([]) - 1;
    of[request] = of[root]!;
    members[of[request]!]!.push(request);
  }
  return { of, members };
}
