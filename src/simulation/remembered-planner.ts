import type { Observation, Planner, Targets } from "../planner/planner.ts";

/**
 * A planner whose answers are kept, so that a run can be repeated up to where it was given up: the same observations
 * get the same answers, and the planner goes on from where it is.
 */
export class RememberedPlanner implements Planner {
  private readonly planner: Planner;
  private first: number | null | undefined = undefined;
  private readonly answers: Targets[] = [];
  private next = 0;
  private readonly failure: Error | null;

  /** @param failure what went wrong with the planner before the run; its first tick tells it */
  constructor(planner: Planner, failure: Error | null) {
    this.planner = planner;
    this.failure = failure;
  }

  get seesRequests(): boolean {
    return this.planner.seesRequests === true;
  }

  firstTickSeconds(): number | null {
    if (this.failure !== null) throw this.failure;
    if (this.first === undefined) this.first = this.planner.firstTickSeconds();
    return this.first;
  }

  onTick(observation: Observation): Targets {
    if (this.next === this.answers.length) this.answers.push(this.planner.onTick(observation));
    return this.answers[this.next++]!;
  }

  /** Starts the answers anew. */
  rewind(): void {
    this.next = 0;
  }
}
