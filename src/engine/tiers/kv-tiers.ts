import type { KvTierConfig } from "./kv-tier-config.ts";
import type { KvTierFigures } from "./kv-tier-figures.ts";
import { PendingParts } from "./pending-parts.ts";
import type { SharedLink, Transfer } from "./shared-link.ts";
import type { SharedTiers } from "./shared-tiers.ts";
import { TierStore } from "./tier-store.ts";

/** Where the blocks of a prompt after those on the GPU are: a run in host memory, then one on disk, then one in objects. */
export interface TierRun {
  readonly host: number;
  readonly disk: number;
  readonly object: number;
}

/**
 * A run on its way up. Its contents are let go of from the end: the beginning, which more prompts share, is then the last
 * to be dropped.
 */
interface ClaimedRun {
  readonly inHost: readonly number[];
  readonly onDisk: readonly number[];
  readonly inObjects: readonly number[];
  /** Those from disk and object store, which come through host memory, from the end. */
  readonly staged: readonly number[];
  /** Those of them that room was made for there. */
  readonly reserved: ReadonlySet<number>;
}

const nothing: TierRun = { host: 0, disk: 0, object: 0 };

/**
 * Host memory, disk and object store below the GPU cache of one rank (engine-reference §3.1).
 *
 * A block evicted from the GPU is copied to host memory, unless it is there already or no room can be made; what lands
 * there is copied on to disk and object store in the background. A prompt's blocks found below are brought back: from
 * host memory at once, from further down through host memory. Transfers of a link share its bandwidth.
 */
export class KvTiers {
  /** Requests whose blocks are on their way. */
  onboarding = 0;
  private readonly config: KvTierConfig;
  private readonly blockBytes: number;
  private readonly shared: SharedTiers;
  private readonly figures: KvTierFigures;
  private readonly host: TierStore;
  private readonly disk: TierStore;
  private readonly gpuToHost: SharedLink;
  private readonly hostToGpu: SharedLink;
  /** Contents evicted from the GPU and not yet on their way. */
  private leaving: number[] = [];
  private nowNs = 0;

  constructor(config: KvTierConfig, blockBytes: number, shared: SharedTiers, figures: KvTierFigures) {
    this.config = config;
    this.blockBytes = blockBytes;
    this.shared = shared;
    this.figures = figures;
    this.host = new TierStore(config.hostBlocks);
    this.disk = new TierStore(config.diskBlocks);
    this.gpuToHost = shared.clock.link(config.gpuToHost);
    this.hostToGpu = shared.clock.link(config.hostToGpu);
  }

  /** Contents in host memory and on disk, those on their way included. */
  get stored(): { readonly host: number; readonly disk: number } {
    return { host: this.host.size, disk: this.disk.size };
  }

  /** Brings all transfers up to a time, which is now until the next call. */
  advance(nowNs: number): void {
    this.nowNs = nowNs;
    this.shared.clock.advance(nowNs);
  }

  /** When something a waiting request may need ends at the earliest, whole ns; Infinity when none waits. */
  get wakeNs(): number {
    if (this.onboarding === 0) return Infinity;
    const { diskToHost, objectToHost } = this.shared;
    const next = Math.min(
      this.gpuToHost.nextEndNs,
      this.hostToGpu.nextEndNs,
      diskToHost.nextEndNs,
      objectToHost.nextEndNs,
    );
    return Math.ceil(next);
  }

  /** A content has left the GPU cache. */
  onEvicted(key: number): void {
    this.leaving.push(key);
  }

  /**
   * Copies what has left the GPU out to host memory: its place on the GPU can be used when that is done.
   * @returns how long a pass that starts now has to wait for it, ns
   */
  copyOut(): number {
    const { nowNs } = this;
    if (this.leaving.length === 0) return 0;
    let endNs = nowNs;
    for (const transfer of this.offload(this.leaving, nowNs, () => {})) {
      endNs = Math.max(endNs, this.gpuToHost.endOf(transfer));
    }
    this.leaving = [];
    const waitNs = Math.ceil(endNs - nowNs);
    this.figures.stallNs += waitNs;
    return waitNs;
  }

  /**
   * Looks below the GPU for the blocks of a sequence.
   * @param key identity of block k of the sequence
   * @param from blocks before it are on the GPU
   * @param to blocks from it on are not wanted
   */
  find(key: (block: number) => number, from: number, to: number): TierRun {
    if (this.host.size === 0 && this.disk.size === 0 && this.shared.objects.size === 0) return nothing;
    const run = (store: TierStore, start: number) => {
      let at = start;
      while (at < to && store.isReadable(key(at))) at++;
      return at - start;
    };
    const host = run(this.host, from);
    const disk = run(this.disk, from + host);
    const object = run(this.shared.objects, from + host + disk);
    // What comes from further down needs room in host memory on its way; the run in host memory itself stays there.
    const staged = Math.min(disk + object, Math.max(0, this.host.room - host));
    return { host, disk: Math.min(disk, staged), object: Math.max(0, staged - disk) };
  }

  /**
   * Brings the blocks of a run back to the GPU.
   * @param makeRoom reserves their place on the GPU, which may evict other contents; they are copied out first
   * @param onDone called when all have arrived
   */
  onboard(
    key: (block: number) => number,
    from: number,
    run: TierRun,
    makeRoom: () => void,
    onDone: (atNs: number) => void,
  ): void {
    const startNs = this.nowNs;
    const wanted = this.claim(key, from, run);
    const evicted = this.evictedBy(makeRoom);
    this.onboarding++;
    this.figures.onboardings++;
    const finish = (atNs: number) => {
      this.onboarding--;
      this.figures.onboardingNs += atNs - startNs;
      for (const each of wanted.staged) this.host.unpin(each);
      onDone(atNs);
    };
    this.offload(evicted, startNs, (atNs) => this.bringBack(wanted, atNs, finish));
  }

  /** Pins the contents of a run where they are, and where those from further down come through host memory. */
  private claim(key: (block: number) => number, from: number, run: TierRun): ClaimedRun {
    const keys = (start: number, count: number) => Array.from({ length: count }, (_, i) => key(start + i));
    const inHost = keys(from, run.host);
    const onDisk = keys(from + run.host, run.disk);
    const inObjects = keys(from + run.host + run.disk, run.object);
    const staged = [...onDisk, ...inObjects].toReversed();
    for (const each of inHost) this.host.pin(each);
    for (const each of onDisk) this.disk.pin(each);
    const reserved = new Set(staged.filter((each) => this.takeIn(each)));
    return { inHost, onDisk, inObjects, staged, reserved };
  }

  /** Contents that leave the GPU while room is made; what has left it before stays in line. */
  private evictedBy(makeRoom: () => void): readonly number[] {
    const before = this.leaving;
    this.leaving = [];
    makeRoom();
    const evicted = this.leaving;
    this.leaving = before;
    return evicted;
  }

  /** Copies the contents of a run up to the GPU, those from further down by way of host memory. */
  private bringBack(wanted: ClaimedRun, atNs: number, onAllDone: (atNs: number) => void): void {
    const { inHost, onDisk, inObjects, reserved } = wanted;
    const { diskToHost, objectToHost } = this.shared;
    const parts = new PendingParts(onAllDone);
    const begun = parts.begin();
    const toGpu = (count: number, fromNs: number, done: (atNs: number) => void) =>
      this.hostToGpu.start(count * this.blockBytes, fromNs, done);
    const stage = (link: SharedLink, contents: readonly number[], onArrived: () => void) => {
      if (contents.length === 0) return;
      const done = parts.begin();
      link.start(contents.length * this.blockBytes, atNs, (landedNs) => {
        onArrived();
        for (const each of contents) if (reserved.has(each)) this.host.land(each);
        toGpu(contents.length, landedNs, done);
      });
    };
    if (inHost.length > 0) {
      const done = parts.begin();
      toGpu(inHost.length, atNs, (doneNs) => {
        for (const each of inHost.toReversed()) this.host.unpin(each);
        done(doneNs);
      });
    }
    stage(diskToHost, onDisk, () => {
      for (const each of onDisk.toReversed()) this.disk.unpin(each);
    });
    stage(objectToHost, inObjects, () => {});
    begun(atNs);
  }

  /** Counts tokens of a request that came back from below. */
  countHits(run: TierRun, tokensPerBlock: number): void {
    this.figures.hostHitTokens += run.host * tokensPerBlock;
    this.figures.diskHitTokens += run.disk * tokensPerBlock;
    this.figures.objectHitTokens += run.object * tokensPerBlock;
  }

  /** Pins a content on its way up in host memory; true when room for it had to be made. */
  private takeIn(key: number): boolean {
    if (this.host.has(key)) {
      this.host.pin(key);
      return false;
    }
    this.reserveInHost(key);
    this.host.pin(key);
    return true;
  }

  /** Makes room for a content in host memory, and pins it there; false when there is none. */
  private reserveInHost(key: number): boolean {
    const { host } = this;
    const evictions = host.evictions;
    const reserved = host.reserve(key);
    this.figures.hostEvictions += host.evictions - evictions;
    return reserved;
  }

  /** Copies contents from the GPU to host memory; `onAllDone` when the last has landed. */
  private offload(keys: readonly number[], nowNs: number, onAllDone: (atNs: number) => void): Transfer[] {
    const { host, figures } = this;
    const transfers: Transfer[] = [];
    const copied: number[] = [];
    for (const key of keys) {
      if (host.has(key)) continue;
      if (this.reserveInHost(key)) copied.push(key);
      else figures.droppedBlocks++;
    }
    figures.offloadedBlocks += copied.length;
    const batches = new PendingParts(onAllDone);
    const begun = batches.begin();
    for (let at = 0; at < copied.length; at += this.config.offloadBatchSize) {
      const batch = copied.slice(at, at + this.config.offloadBatchSize);
      const landed = batches.begin();
      const transfer = this.gpuToHost.start(batch.length * this.blockBytes, nowNs, (landedNs) => {
        for (const key of batch) host.land(key);
        this.writeThrough(batch, landedNs);
        landed(landedNs);
      });
      if (transfer !== null) transfers.push(transfer);
    }
    begun(nowNs);
    return transfers;
  }

  /** Copies what has landed in host memory on, in the background. */
  private writeThrough(keys: readonly number[], atNs: number): void {
    const { figures, shared } = this;
    if (this.config.diskBlocks > 0) {
      const evictions = this.disk.evictions;
      const written = keys.filter((key) => !this.disk.has(key) && this.disk.reserve(key));
      figures.diskEvictions += this.disk.evictions - evictions;
      figures.diskWrites += written.length;
      this.write(written, this.disk, shared.hostToDisk, atNs);
    }
    if (this.config.objectStore) {
      const written = keys.filter((key) => !shared.objects.has(key) && shared.objects.reserve(key));
      figures.objectWrites += written.length;
      this.write(written, shared.objects, shared.hostToObject, atNs);
    }
  }

  private write(keys: readonly number[], store: TierStore, link: SharedLink, atNs: number): void {
    if (keys.length === 0) return;
    for (const key of keys) this.host.pin(key);
    link.start(keys.length * this.blockBytes, atNs, () => {
      for (const key of keys) {
        this.host.unpin(key);
        store.land(key);
      }
    });
  }
}
