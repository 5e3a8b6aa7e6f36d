/** Decides when each request of a trace is offered to the system. */
export interface ArrivalSource {
  /** Time of the next offer known so far, ns; Infinity = none before something completes, or none at all. */
  readonly nextNs: number;
  /** Whether offers wait for completions, so that a driver must report them in time order. */
  readonly dependsOnCompletions: boolean;
  /** Requests not offered yet, those waiting for a completion included. */
  readonly remaining: number;
  /** The request to offer at `nextNs`; moves on to the next. */
  take(): number;
  /**
   * A request has left the system.
   * @param abandoned its client has given up: what was to follow it is never offered
   */
  onTerminal(request: number, atNs: number, abandoned?: boolean): void;
}
