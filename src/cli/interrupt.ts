import { exitCodes } from "./failure.ts";

/** A wish to stop, from the keyboard or the system. */
export interface Interrupt {
  /** Aborted by the first such wish. */
  readonly signal: AbortSignal;
  /** Lets signals do again what they did before. */
  readonly release: () => void;
}

/** What a second wish does: nothing, because the first is being followed, or end the program at once. */
export type SecondInterrupt = "waits" | "ends";

/** Both Ctrl-C and what batch systems end a job with: what is finished must not be lost to either. */
const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Turns the first Ctrl-C (or SIGTERM) into a wish to stop.
 * @param onFirst told of it
 */
export function listenForInterrupt(second: SecondInterrupt, onFirst: () => void = () => {}): Interrupt {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (!controller.signal.aborted) {
      onFirst();
      controller.abort();
    } else if (second === "ends") process.exit(exitCodes.interrupted);
  };
  for (const signal of signals) process.on(signal, onInterrupt);
  const release = () => {
    for (const signal of signals) process.off(signal, onInterrupt);
  };
  return { signal: controller.signal, release };
}
