import type { Trace } from "../trace.ts";
import { playsOf } from "../plays.ts";

/** Which requests of a trace belong together: its plays, or its sessions; null when each is on its own. */
export function groupsOf({
  dependencies,
  sessions,
  count,
}: Trace): { readonly of: Int32Array; readonly count: number } | null {
  if (dependencies != null) {
    const { of, members } = playsOf(dependencies, count);
    return { of, count: members.length };
  }
  return sessions === null ? null : { of: sessions.sessionOf, count: sessions.names.length };
}
