import type { QueuePolicy } from "./request-queue.ts";

/** One queue of the router and when its requests wait in it (engine-reference §6, "policy YAML"). */
export interface PolicyClass {
  readonly name: string;
  readonly queuePolicy: QueuePolicy;
  /** Uncached prompt tokens a turn of the class adds to what it may send. */
  readonly quantum: number;
  /** A target is busy with more prefill tokens than this; null = no such bound. */
  readonly busyTokens: number | null;
  /** A target is busy with more prefill tokens than this share of a pass's; null = no such bound. */
  readonly busyShare: number | null;
  /** Requests wait when at least this share of the targets is busy; null = all of them. */
  readonly busyTargetRatio: number | null;
  /** Most requests, prompt tokens and cached prompt tokens that wait for a target; null = any number. */
  readonly requestLimit: number | null;
  readonly promptTokenLimit: number | null;
  readonly cachedTokenLimit: number | null;
}

/** Which class a request belongs to: one it names, else the one for its family and its uncached prompt tokens. */
export interface PolicyProfile {
  readonly classes: readonly PolicyClass[];
  /** Classes a request can only get by naming them: index by name. */
  readonly explicit: ReadonlyMap<string, number>;
  readonly families: ReadonlyMap<string, FamilyClasses>;
  readonly defaultFamily: FamilyClasses;
  /** Least uncached prompt tokens of each bucket, ascending from 0. */
  readonly bucketStarts: readonly number[];
}

/** Class of a family for each bucket. */
export type FamilyClasses = readonly number[];

/** The profile of a router with one queue. */
export function singleClassProfile(busyShare: number | null, queuePolicy: QueuePolicy): PolicyProfile {
  return {
    classes: [
      {
        name: "default",
        queuePolicy,
        quantum: 1,
        busyTokens: null,
        busyShare,
        busyTargetRatio: null,
        requestLimit: null,
        promptTokenLimit: null,
        cachedTokenLimit: null,
      },
    ],
    explicit: new Map(),
    families: new Map(),
    defaultFamily: [0],
    bucketStarts: [0],
  };
}

/** The class of a request. */
export function classOf(profile: PolicyProfile, asked: string | null, uncachedTokens: number): number {
  const named = asked === null ? undefined : profile.explicit.get(asked);
  if (named !== undefined) return named;
  const family = (asked === null ? undefined : profile.families.get(asked)) ?? profile.defaultFamily;
  let bucket = profile.bucketStarts.length - 1;
  while (bucket > 0 && profile.bucketStarts[bucket]! > uncachedTokens) bucket--;
  return family[bucket]!;
}

/** Whether requests of a class may have to wait at all. */
export function canWait({ busyTokens, busyShare }: PolicyClass): boolean {
  return busyTokens !== null || busyShare !== null;
}

/** Whether a target has so much prefill to do that requests of the class would rather wait. */
export function isBusy(policyClass: PolicyClass, prefillTokens: number, maxBatchedTokens: number): boolean {
  const { busyTokens, busyShare } = policyClass;
  return (
    (busyTokens !== null && prefillTokens > busyTokens) ||
    (busyShare !== null && prefillTokens > shareOf(maxBatchedTokens, busyShare))
  );
}

/** A share of a pass's token budget, which may be without bound: no share of that is no token. */
export function shareOf(maxBatchedTokens: number, share: number): number {
  return share === 0 ? 0 : share * maxBatchedTokens;
}

/** Whether so many targets are busy that requests of the class wait. */
export function poolIsBusy({ busyTargetRatio }: PolicyClass, busy: number, targets: number): boolean {
  if (targets === 0) return false;
  return busyTargetRatio === null ? busy === targets : busy >= busyTargetRatio * targets;
}
