import { dependencyGraph, requestOnCycle, type Dependency } from "../dependency-graph.ts";
import type { TraceDependencies } from "../trace.ts";
import { quoted, TraceError } from "../trace-error.ts";

/** A recorded request of an agent, for finding out what it waited for. */
export interface AgentRequest {
  readonly file: string;
  readonly line: number;
  readonly id: string;
  readonly receivedMs: number;
  /** When it ended, ms; NaN when the record does not say. */
  readonly endMs: number;
  readonly session: string;
  readonly parentSession: string | null;
}

/**
 * What the requests of agents waited for, as their times tell: a request of a session for the one before it; the first
 * request of a child session for the parent's latest request that began by then; and the parent's first request that
 * began after the child had ended, for the child's last to end. Each then comes as long after the latest of them ended as it
 * was recorded to (other rules need tool events).
 *
 * @param requests in the order they were received
 * @throws TraceError for an end that is missing, parents that contradict each other, or a cycle
 */
export function agentDependencies(requests: readonly AgentRequest[]): TraceDependencies {
  const sessions = new Map<string, number[]>();
  for (const [place, { session }] of requests.entries()) {
    const members = sessions.get(session);
    if (members === undefined) sessions.set(session, [place]);
    else members.push(place);
  }
  const waits = requests.map(() => new Set<number>());
  for (const members of sessions.values()) {
    for (let turn = 1; turn < members.length; turn++) waits[members[turn]!]!.add(members[turn - 1]!);
  }
  for (const [session, parent] of parentsOf(requests)) {
    const children = sessions.get(session)!;
    const parents = sessions.get(parent);
    if (parents !== undefined) addChild(requests, children, parents, waits);
  }
  const graph = dependencyGraph(
    waits.map((on, place) => edgesOf(requests, place, on)),
    new Float64Array(requests.length).fill(Number.NaN),
    requests.map(({ id }) => id),
  );
  const cyclic = requestOnCycle(graph);
  if (cyclic >= 0) {
    const { file, line, id } = requests[cyclic]!;
    throw new TraceError(
      file,
      line,
      `request "${quoted(id)}" waits for itself: its session and a child session overlap`,
    );
  }
  return graph;
}

function parentsOf(requests: readonly AgentRequest[]): Map<string, string> {
  const parents = new Map<string, string>();
  for (const { file, line, session, parentSession } of requests) {
    if (parentSession === null) continue;
    const before = parents.get(session);
    if (before !== undefined && before !== parentSession) {
      throw new TraceError(
        file,
        line,
        `session "${quoted(session)}" has two parents: "${quoted(before)}" and "${quoted(parentSession)}"`,
      );
    }
    parents.set(session, parentSession);
  }
  return parents;
}

function addChild(
  requests: readonly AgentRequest[],
  children: readonly number[],
  parents: readonly number[],
  waits: readonly Set<number>[],
): void {
  const first = children[0]!;
  let last = first;
  for (const child of children) if (endOf(requests, child) >= endOf(requests, last)) last = child;
  const { receivedMs } = requests[first]!;
  const spawning = parents.findLast((place) => requests[place]!.receivedMs <= receivedMs);
  if (spawning !== undefined) waits[first]!.add(spawning);
  const endMs = endOf(requests, last);
  const joining = parents.find((place) => requests[place]!.receivedMs >= endMs);
  if (joining !== undefined) waits[joining]!.add(last);
}

function edgesOf(requests: readonly AgentRequest[], place: number, waits: ReadonlySet<number>): Dependency[] {
  let latestEnd = -Infinity;
  for (const on of waits) latestEnd = Math.max(latestEnd, endOf(requests, on));
  const delayMs = Math.max(0, requests[place]!.receivedMs - latestEnd);
  return Array.from(waits, (on) => ({ on, delayMs, onOffer: false }));
}

function endOf(requests: readonly AgentRequest[], place: number): number {
  const { endMs, file, line, id } = requests[place]!;
  if (Number.isNaN(endMs)) {
    throw new TraceError(
      file,
      line,
      `request "${quoted(id)}" has no end, which others wait for: event_time_unix_ms and total_time_ms are missing`,
    );
  }
  return endMs;
}
