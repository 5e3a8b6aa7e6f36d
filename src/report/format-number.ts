/**
 * A number with two decimals and thousands separators, rounded as Python's `{:,.2f}` rounds: on the exact value, ties
 * to even. (`toFixed` also rounds the exact value, but ties away from zero.)
 */
export function twoDecimals(value: number): string {
  const [whole, decimals] = fixed(value).split(".") as [string, string];
  return `${whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",")}.${decimals}`;
}

function fixed(value: number): string {
  // A double lies exactly between two hundredths only as an odd number of eighths.
  if (Math.abs(value * 8) % 2 !== 1) return value.toFixed(2);
  const hundredths = Math.floor(value * 100);
  return ((hundredths % 2 === 0 ? hundredths : hundredths + 1) / 100).toFixed(2);
}
