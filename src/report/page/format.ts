/** How the page writes figures. Thin grouping, no more digits than a reader can use. */
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A figure with about four significant digits: 12,345 · 345.6 · 3.456 · 0.0123. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1000) return minus(grouped.format(value));
  if (size >= 100) return minus(value.toFixed(1));
  if (size >= 10) return minus(value.toFixed(2));
  if (size >= 1) return minus(value.toFixed(3));
  return size < 1e-4 ? (size < 1e-5 ? "≈ 0" : minus(value.toFixed(6))) : minus(value.toPrecision(3));
}

/** A whole number with grouped thousands. */
export function count(value: number): string {
  return minus(grouped.format(value));
}

/** A share 0..1 in percent, never rounded up to 100 nor down to 0. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`;
}

/** A share 0..1 in percent, short for axes: 5 % · 99.5 %. */
export function shareTick(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** Keeps percent signs on the line of their figure. */
export function unbroken(text: string): string {
  return text.replaceAll(" %", "\u00a0%");
}

/** Milliseconds, in the unit a reader would choose. */
export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 60_000) return duration(value / 1000);
  if (Math.abs(value) >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${figure(value)} ms`;
}

/** Simulated time as hours:minutes:seconds, with decimals where the step needs them. */
export function clock(seconds: number, step = 1): string {
  const decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
  const scale = 10 ** decimals;
  const whole = Math.round(Math.abs(seconds) * scale) / scale;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = (whole % 60).toFixed(decimals);
  const padded = rest.indexOf(".") === 1 || rest.length === 1 ? `0${rest}` : rest;
  return `${seconds < 0 && whole > 0 ? "−" : ""}${hours}:${String(minutes).padStart(2, "0")}:${padded}`;
}

/** A length of time in words: 58 min 51 s. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${figure(seconds * 1000)} ms`;
  if (seconds < 60) return `${figure(seconds)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = whole % 60;
  if (hours > 0) return rest === 0 ? `${hours} h ${minutes} min` : `${hours} h ${minutes} min ${rest} s`;
  return `${minutes} min ${rest} s`;
}

/** Short for axes: 1.2k, 3M. */
export function tick(value: number): string {
  const size = Math.abs(value);
  const short = (divisor: number, unit: string) => `${minus(String(Number((value / divisor).toPrecision(3))))}${unit}`;
  if (size >= 1e9) return short(1e9, "G");
  if (size >= 1e6) return short(1e6, "M");
  if (size >= 10_000) return short(1e3, "k");
  if (size >= 1000) return minus(grouped.format(value));
  return minus(String(Number(value.toPrecision(6))));
}

function minus(text: string): string {
  return text.replace("-", "−");
}
