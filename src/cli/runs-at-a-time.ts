import { availableParallelism } from "node:os";
import { whole } from "./whole-number.ts";

/** More can only be a slip of the finger, on any machine. */
const mostAsked = 1024;
/** Threads beyond the cores take memory and finish nothing sooner; a few more do no harm. */
const threadsPerCore = 4;
const alwaysAllowed = 16;

/** `--parallel` as given; null = it was not. @throws ConfigError */
export function parallelFrom(text: string | undefined): number | null {
  return text === undefined ? null : whole(text, "--parallel", 1, mostAsked);
}

/**
 * Threads for a number of runs on this machine: as many as asked for, else one a core, but not so many that they
 * only take memory.
 * @param asked what `--parallel` says; null = nothing
 * @param runs how many there are to do
 * @param note told when there are to be fewer threads than asked for and of use
 */
export function runsAtATime(
  asked: number | null,
  runs = Infinity,
  note: (text: string) => void = () => {},
  cores = availableParallelism(),
): number {
  const most = Math.max(alwaysAllowed, threadsPerCore * cores);
  const wanted = Math.min(asked ?? cores, runs);
  if (wanted <= most) return wanted;
  const machine = cores === 1 ? "1 core has" : `${cores} cores have`;
  note(
    `--parallel ${asked}: doing ${most} runs at a time; ${machine} no use for more, and each takes memory of its own (0.24 GB with a million requests)`,
  );
  return most;
}

/** Prints such a note. */
export function toStderr(text: string): void {
  process.stderr.write(`note: ${text}\n`);
}
