import type { Planner, Targets } from "./planner.ts";

/**
 * A policy of the user's, whose records are kept as they are at the tick: it may go on with the same object, and what a
 * result cannot hold ends the run there, not when it is written.
 */
export function withKeptRecords(policy: Planner): Planner {
  return {
    firstTickSeconds: () => policy.firstTickSeconds(),
    ...(policy.foresee === undefined ? {} : { foresee: (rehearsal) => policy.foresee!(rehearsal) }),
    onTick: (observation) => kept(policy.onTick(observation)),
    get seesRequests() {
      return policy.seesRequests === true;
    },
  };
}

function kept(targets: Targets): Targets {
  if (typeof targets !== "object" || targets === null || targets instanceof Promise) return targets;
  const { reason, record, ...decision } = targets as Targets & { reason?: unknown; record?: unknown };
  if (reason !== undefined && reason !== null && typeof reason !== "string")
    throw new TypeError(`its reason is of type ${typeof reason}, expected text`);
  return {
    ...decision,
    ...(reason ? { reason } : {}),
    ...(record === undefined || record === null ? {} : { record: copied(record) }),
  };
}

function copied(record: unknown): Readonly<Record<string, unknown>> {
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(record));
  } catch (error) {
    throw new TypeError(`its record cannot be kept as JSON: ${(error as Error).message.split("\n")[0]}`, {
      cause: error,
    });
  }
  if (typeof copy !== "object" || copy === null || Array.isArray(copy))
    throw new TypeError(
      `its record is ${Array.isArray(copy) ? "a list" : `of type ${typeof record}`}, expected an object`,
    );
  return copy as Readonly<Record<string, unknown>>;
}
