/** What a decision found: the traffic since the one before, and the replicas that steady traffic needs. */
export interface RememberedDecision {
  readonly sinceSeconds: number;
  readonly atSeconds: number;
  /** Replicas just enough for the traffic one start-up time later; those safe to go down to; those enough by far. */
  readonly enough: number;
  readonly safe: number;
  readonly sure: number;
  /** It was taken in the first seconds of a jump: the next one knows better. */
  readonly jumped: boolean;
  /** Requests that arrived since the decision before. */
  readonly arrived: number;
  /** Share of the attainable requests since then that would have missed their bounds on so many workers, 0..1; asked often. */
  readonly missShare: (workers: number) => number;
}

/** The fleet a pool may shrink to. */
export interface KeptFleet {
  readonly replicas: number;
  /** How long needs count. */
  readonly holdSeconds: number;
  /** The pool has not been watched for as long as that: the replicas would do at a multiple of the traffic. */
  readonly sure: boolean;
}

/** Replicas that are enough by far may go after so long, s. */
const sureSeconds = 120;
/** Decisions older than this are forgotten, s. */
const memorySeconds = 7200;
/** Hold times tried, in usual ones. */
const holdTimes = [1, 2, 4, 8, 16];
const longestHoldSeconds = 3600;
/** Decisions from which on experience counts. */
const leastDecisions = 5;
/** Share of the misses the goal tolerates that replicas given back too soon may cause. */
const tolerance = 0.4;
/** A longer hold must avoid this share of the misses to be worth it. */
const worthwhile = 0.1;

/**
 * How long a need is remembered. Usually as long as the policy's knob says; longer where experience says that replicas
 * given back so soon were missed when the load came back: the shortest time with which the latest traffic would have
 * kept the goal, every fleet being there one start-up time after its decision.
 */
export class FleetMemory {
  private readonly usualSeconds: number;
  private readonly startupSeconds: number;
  private readonly tolerated: number;
  private firstSeconds = Infinity;
  private readonly decisions: RememberedDecision[] = [];

  /**
   * @param usualSeconds hold time without experience
   * @param tolerated share of requests that may miss
   */
  constructor(usualSeconds: number, startupSeconds: number, tolerated: number) {
    this.usualSeconds = usualSeconds;
    this.startupSeconds = startupSeconds;
    this.tolerated = tolerated;
  }

  remember(decision: RememberedDecision): void {
    if (this.decisions.length === 0) this.firstSeconds = decision.atSeconds;
    const last = this.decisions.at(-1);
    if (last?.jumped) {
      const enough = Math.min(last.enough, decision.enough);
      const safe = Math.min(last.safe, decision.safe);
      this.decisions[this.decisions.length - 1] = { ...last, enough, safe };
    }
    this.decisions.push(decision);
    while (this.decisions[0]!.atSeconds <= decision.atSeconds - memorySeconds) this.decisions.shift();
  }

  /** How long needs count, s. */
  private holdSeconds(): number {
    const judged = this.judged();
    if (judged.length < leastDecisions) return this.usualSeconds;
    let best = this.usualSeconds;
    let bestShare = Infinity;
    const unavoidable = this.missShareWith(null, judged);
    for (const times of holdTimes) {
      const hold = Math.min(times * this.usualSeconds, longestHoldSeconds);
      const share = this.missShareWith(hold, judged);
      if (share < bestShare * (1 - worthwhile)) {
        best = hold;
        bestShare = share;
      }
      if (share <= unavoidable + tolerance * this.tolerated) break;
    }
    return Math.max(best, this.usualSeconds);
  }

  /** Replicas not to go below now. */
  kept(nowSeconds: number): KeptFleet {
    const { decisions, usualSeconds } = this;
    const holdSeconds = this.holdSeconds();
    const seenSeconds = nowSeconds - this.firstSeconds;
    if (seenSeconds >= usualSeconds) {
      return { replicas: this.keptThen(nowSeconds, holdSeconds), holdSeconds, sure: false };
    }
    const lately = decisions.filter(({ atSeconds }) => atSeconds >= nowSeconds - sureSeconds);
    const sure = lately.reduce((most, decision) => Math.max(most, decision.sure), 0);
    return { replicas: seenSeconds < sureSeconds ? Infinity : sure, holdSeconds, sure: true };
  }

  /** Replicas kept at some time: safe ones of the usual hold time, and what was enough in all of `holdSeconds`. */
  private keptThen(nowSeconds: number, holdSeconds: number): number {
    let safe = 0;
    let enough = 0;
    for (let i = this.decisions.length - 1; i >= 0; i--) {
      const decision = this.decisions[i]!;
      if (decision.atSeconds > nowSeconds) continue;
      // The latest decision always counts.
      const age = safe === 0 ? 0 : nowSeconds - decision.atSeconds;
      if (age >= holdSeconds && age >= this.usualSeconds) break;
      if (age < this.usualSeconds) safe = Math.max(safe, decision.safe);
      if (age < holdSeconds) enough = Math.max(enough, decision.enough);
    }
    return Math.max(safe, enough);
  }

  /** Decisions before whose time a fleet could have been ordered. */
  private judged(): RememberedDecision[] {
    const first = this.decisions[0]?.atSeconds ?? Infinity;
    return this.decisions.filter(({ sinceSeconds }) => sinceSeconds - this.startupSeconds >= first);
  }

  /**
   * Share of requests missed with fleets held so long (null = with the fleet each time needed), but for the costliest
   * time in a row: once is chance.
   */
  private missShareWith(hold: number | null, judged: readonly RememberedDecision[]): number {
    let arrived = 0;
    let missed = 0;
    let episode = 0;
    let costliest = 0;
    let lastSeconds = -Infinity;
    for (const decision of judged) {
      const ordered = decision.sinceSeconds - this.startupSeconds;
      const fleet = hold === null ? decision.safe : this.keptThen(ordered, hold);
      const share = decision.missShare(fleet);
      arrived += decision.arrived;
      missed += decision.arrived * share;
      if (share > this.tolerated) {
        episode = (decision.atSeconds - lastSeconds > this.usualSeconds ? 0 : episode) + decision.arrived * share;
        lastSeconds = decision.atSeconds;
        costliest = Math.max(costliest, episode);
      }
    }
    return arrived === 0 ? 0 : (missed - costliest) / arrived;
  }
}
