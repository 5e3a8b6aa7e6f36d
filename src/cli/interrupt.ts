import { exitCodes } from "./failure.ts";

/** A wish to stop, from the keyboard or the system. */
export interface Interrupt {
  /** Aborted by the first such wish. */
  readonly signal: AbortSignal;
  /** Lets signals do again what they did before. */
  readonly release: () => void;
}

/** Both Ctrl-C and what batch systems end a job with: what is finished must not be lost to either. */
const signals = ["SIGINT", "SIGTERM"] as const;
/** Most stops are over by then, and need no words. */
const patienceMs = 400;

/**
 * Turns the first Ctrl-C (or SIGTERM) into a wish to stop; the second ends the program at once.
 * @param onFirst told of the first
 * @param onDelay told when the first is still being followed after a moment
 */
export function listenForInterrupt({
  onFirst = () => {},
  onDelay = () => {},
}: { onFirst?: () => void; onDelay?: () => void } = {}): Interrupt {
  const controller = new AbortController();
  let delay: NodeJS.Timeout | undefined;
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    delay = setTimeout(onDelay, patienceMs).unref();
    onFirst();
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onInterrupt);
  const release = () => {
    clearTimeout(delay);
    for (const signal of signals) process.off(signal, onInterrupt);
  };
  return { signal: controller.signal, release };
}

/** What a command says whose runs take a moment to stop. */
export function stoppingNote(clear: () => void): void {
  clear();
  process.stderr.write("windtunnel: stopping; finished runs are kept, once more ends at once\n");
}
