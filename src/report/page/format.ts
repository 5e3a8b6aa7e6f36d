import { shareText } from "../../share-text.ts";

/** How the page writes figures. Thin grouping, no more digits than a reader can use. */
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A figure with about four significant digits, counted when it is rounded: 12,345 · 345.6 · 3.456 · 0.0123. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 999.95) return minus(grouped.format(value));
  if (size >= 99.995) return minus(value.toFixed(1));
  if (size >= 9.9995) return minus(value.toFixed(2));
  if (size >= 0.9995) return minus(value.toFixed(3));
  return size < 1e-4 ? (size < 1e-5 ? "≈ 0" : minus(value.toFixed(6))) : minus(value.toPrecision(3));
}

/** A whole number with grouped thousands. */
export function count(value: number): string {
  return minus(grouped.format(value));
}

/** A share 0..1 in percent, never rounded up to 100 nor down to 0. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  return share === 0 || share === 1 ? `${share * 100} %` : shareText(share);
}

/** A share 0..1 in percent with the digits it has, for axes and bounds: 5 % · 99.5 % · 99.95 %. */
export function shareTick(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`;
}

/** Keeps percent signs on the line of their figure. */
export function unbroken(text: string): string {
  return text.replaceAll(" %", "\u00a0%");
}

/** Milliseconds, in the unit a reader would choose. */
export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 59_950) return duration(value / 1000);
  if (Math.abs(value) >= 9999.5) return `${(value / 1000).toFixed(1)} s`;
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
  if (seconds < 59.995) return `${figure(seconds)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = whole % 60;
  if (hours > 0) return rest === 0 ? `${hours} h ${minutes} min` : `${hours} h ${minutes} min ${rest} s`;
  return `${minutes} min ${rest} s`;
}

/** Short for axes: 1.2k, 3M. */
export function tick(value: number): string {
  if (Math.abs(value) < 1000) return minus(String(Number(value.toPrecision(6))));
  if (Math.abs(value) < 9999.5) return minus(grouped.format(value));
  for (const [divisor, unit] of units) {
    const short = Number((value / divisor).toPrecision(3));
    if (Math.abs(short) < 1000 || unit === "G") return `${minus(String(short))}${unit}`;
  }
  return minus(String(value));
}

const units = [
  [1e3, "k"],
  [1e6, "M"],
  [1e9, "G"],
] as const;

function minus(text: string): string {
  return text.replace("-", "−");
}
