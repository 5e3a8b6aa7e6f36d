import { choose, chosen, onAddressChange } from "./address-state.ts";
import type { TimeRange } from "./time-range.ts";

/** Browsers refuse an address that changes with every move of the wheel. */
const settleMs = 250;

/** Keeps the stretch of time the charts show in the address, as `#from=600&to=1200` (seconds). */
export function keepRange(range: TimeRange): void {
  const follow = () => {
    const [from, to] = [keptSeconds("from", range), keptSeconds("to", range)];
    if (from !== null && to !== null && from < to) range.set(from, to);
    else if (!range.isWhole) range.reset();
  };
  follow();
  onAddressChange(follow);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    clearTimeout(waiting);
    waiting = undefined;
    const { from, to } = range.current;
    choose(range.isWhole ? { from: null, to: null } : { from: written(from), to: written(to) });
  };
  range.onChange(() => {
    clearTimeout(waiting);
    waiting = setTimeout(write, settleMs);
  });
  addEventListener("pagehide", () => waiting !== undefined && write());
}

/** A moment of the run the address names; null = none. */
export function keptSeconds(name: string, range: TimeRange): number | null {
  const text = chosen(name);
  const seconds = text === null || text.trim() === "" ? NaN : Number(text);
  const { from, to } = range.whole;
  // Rounded, the end of a run may lie beyond it.
  return seconds >= from && seconds <= Math.max(to, Number(written(to))) ? Math.min(seconds, to) : null;
}

/** A moment as the address has it: to the millisecond. */
export function written(seconds: number): string {
  return String(Number(seconds.toFixed(3)));
}
