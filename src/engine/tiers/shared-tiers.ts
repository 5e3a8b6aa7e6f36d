import type { KvTierConfig } from "./kv-tier-config.ts";
import type { SharedLink } from "./shared-link.ts";
import { TierStore } from "./tier-store.ts";
import { TransferClock } from "./transfer-clock.ts";

/** What the ranks of a pool share below host memory: the links to disk and object store, and the object store itself. */
export interface SharedTiers {
  readonly clock: TransferClock;
  readonly objects: TierStore;
  readonly hostToDisk: SharedLink;
  readonly diskToHost: SharedLink;
  readonly hostToObject: SharedLink;
  readonly objectToHost: SharedLink;
}

/** New ones, with a clock of their own. */
export function createSharedTiers(config: KvTierConfig): SharedTiers {
  const clock = new TransferClock();
  return {
    clock,
    objects: new TierStore(Infinity),
    hostToDisk: clock.link(config.hostToDisk),
    diskToHost: clock.link(config.diskToHost),
    hostToObject: clock.link(config.hostToObject),
    objectToHost: clock.link(config.objectToHost),
  };
}
