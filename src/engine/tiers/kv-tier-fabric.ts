import type { KvTierConfig } from "./kv-tier-config.ts";
import { noTierFigures, type KvTierFigures } from "./kv-tier-figures.ts";
import { KvTiers } from "./kv-tiers.ts";
import { createSharedTiers, type SharedTiers } from "./shared-tiers.ts";

/** Makes the cache tiers of a pool's ranks. */
export class KvTierFabric {
  readonly figures: KvTierFigures = noTierFigures();
  private readonly config: KvTierConfig;
  private readonly blockBytes: number;
  private readonly shared: SharedTiers;

  /** @param blockBytes bytes of a block of key-value cache */
  constructor(config: KvTierConfig, blockBytes: number) {
    this.config = config;
    this.blockBytes = blockBytes;
    this.shared = createSharedTiers(config);
  }

  /** Whether a transfer of one worker slows those of another: workers may then not run ahead of each other. */
  get sharesLinks(): boolean {
    return this.config.diskBlocks > 0 || this.config.objectStore;
  }

  /** The tiers of one rank. */
  create(): KvTiers {
    // Without shared links every rank has a clock of its own, so that it need not look at the others' transfers.
    const shared = this.sharesLinks ? this.shared : createSharedTiers(this.config);
    return new KvTiers(this.config, this.blockBytes, shared, this.figures);
  }
}
