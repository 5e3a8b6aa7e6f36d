import { tick } from "../../report/page/format.ts";

/** Maps values to pixels and says where the ticks are. */
export interface Scale {
  /** null where a value has no place, as zero on a logarithmic scale. */
  readonly at: (value: number) => number | null;
  readonly ticks: readonly Tick[];
}

/** A place on an axis that is written at it. */
export interface Tick {
  readonly at: number;
  readonly label: string;
  /** What the label cuts short. */
  readonly whole?: string;
  /** Labels without room beside each other stand in two rows. */
  readonly row?: number;
}

/** Few values are ticks themselves, if their labels have room. */
const mostOwnTicks = 8;
const leastTickDistance = 34;
/** Of a letter of a tick, px. */
const digitWidth = 6.2;

/** Names of categories stand in as many rows, and so much nearer to each other. */
const mostLabelRows = 3;
const leastLabelDistance = 14;

/** How an axis is drawn where nothing else is said. */
interface AxisLook {
  readonly fromZero?: boolean;
  /** Ticks at the values themselves where they are few. */
  readonly ownTicks?: boolean;
  readonly write?: (value: number) => string;
}

/** Even spacing, with round ticks: whole ones where all values are whole. */
export function linearScale(
  values: readonly number[],
  from: number,
  to: number,
  { fromZero = false, ownTicks = false, write = tick }: AxisLook = {},
): Scale {
  let [low, high] = extent(values);
  if (fromZero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  const at = (value: number) => from + ((value - low) / (high - low)) * (to - from);
  const own = [...new Set(values)].toSorted((a, b) => a - b);
  const haveRoom = own.every((value, i) => i === 0 || Math.abs(at(value) - at(own[i - 1]!)) >= leastTickDistance);
  if (ownTicks && own.length > 0 && own.length <= mostOwnTicks && haveRoom) {
    return { at, ticks: own.map((value) => ({ at: at(value), label: write(value) })) };
  }
  const whole = values.every(Number.isInteger);
  const step = Math.max(roundStep((high - low) / 5), whole ? 1 : 0);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) {
    const value = Number((k * step).toPrecision(12));
    ticks.push({ at: at(value), label: write(value) });
  }
  return { at, ticks };
}

/** Whether values bunch so much at the low end of their range that equal ratios show them better. */
export function isSkewed(values: readonly number[]): boolean {
  const own = [...new Set(values)].toSorted((a, b) => a - b);
  const [least, middle, most] = [own[0]!, own[own.length >> 1]!, own.at(-1)!];
  return own.length > 2 && least > 0 && middle - least < (most - least) * 0.2;
}

/** Equal ratios, with ticks at powers of ten and, over few of them, at 2 and 5 times these. */
export function logScale(
  values: readonly number[],
  from: number,
  to: number,
  { ownTicks = false, margin = 1.1 }: { readonly ownTicks?: boolean; readonly margin?: number } = {},
): Scale {
  const positive = values.filter((value) => value > 0);
  const [least, most] = positive.length === 0 ? [1, 10] : extent(positive);
  const low = Math.log10(least / margin);
  const high = Math.log10(most * margin);
  const at = (value: number) =>
    value > 0 ? from + ((Math.log10(value) - low) / Math.max(1e-9, high - low)) * (to - from) : null;
  const own = [...new Set(values)].toSorted((a, b) => a - b);
  const places = own.flatMap((value) => at(value) ?? []);
  const haveRoom = places.every((place, i) => i === 0 || place - places[i - 1]! >= leastTickDistance);
  if (ownTicks && own.length <= mostOwnTicks && haveRoom) {
    return { at, ticks: places.map((place, i) => ({ at: place, label: tick(own[i]!) })) };
  }
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const factor of high - low < 3 ? [1, 2, 5] : [1]) {
      const value = factor * 10 ** power;
      const place = at(value)!;
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push({ at: place, label: tick(value) });
    }
  }
  return { at, ticks };
}

/** A place each, in the order of their first appearance. */
export function categoryScale(categories: readonly string[], from: number, to: number): Scale {
  const step = (to - from) / Math.max(1, categories.length);
  const at = (place: number) => from + (place + 0.5) * step;
  const every = Math.ceil(categories.length / Math.max(1, Math.floor((to - from) / leastLabelDistance)));
  const shown = categories.flatMap((label, place) => (place % every === 0 ? [{ label, at: at(place) }] : []));
  const fits = (rows: number) => lettersIn(step * every * rows) >= Math.max(...shown.map(({ label }) => label.length));
  const rows = shown.length < 2 || fits(1) ? 1 : shown.length === 2 || fits(2) ? 2 : mostLabelRows;
  const ticks = shown.map(({ label, at: middle }, place) => {
    // What stands near an edge has less room to one side.
    const room = Math.max(
      4,
      lettersIn(Math.min(step * every * rows, 2 * (middle - from + 44), 2 * (to + 18 - middle))),
    );
    const tick = { at: middle, row: place % rows };
    return label.length > room ? { ...tick, label: `${label.slice(0, room - 1)}…`, whole: label } : { ...tick, label };
  });
  return { at, ticks };
}

/** How many letters a width holds, with a space around them. */
function lettersIn(width: number): number {
  return Math.floor(width / digitWidth) - 1;
}

function extent(values: readonly number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= size * 0.8)!;
}
