/** Steps people can read off a clock, seconds. */
const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/** Step of a time axis `width` pixels wide whose labels take about `labelWidth`. */
export function timeStep(from: number, to: number, width: number, labelWidth = 90): number {
  const most = Math.max(2, Math.floor(width / labelWidth));
  return STEPS.find((step) => (to - from) / step <= most) ?? STEPS.at(-1)!;
}

/** Moments a time axis marks. */
export function timeTicks(from: number, to: number, step: number): number[] {
  const ticks: number[] = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++) ticks.push(k * step);
  return ticks;
}
