/**
 * A number with two decimals and thousands separators, rounded as Python's `{:,.2f}` rounds: on the exact value, ties
 * to even. (`toFixed` also rounds the exact value, but ties away from zero.)
 */
export function twoDecimals(value: number): string {
  // A double lies exactly between two hundredths only as an odd number of eighths.
  const [whole, decimals] = fixed(value, 2, 8).split(".") as [string, string];
  return `${whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",")}.${decimals}`;
}

/** A number with one decimal, rounded as Python's `{:.1f}` rounds. */
export function oneDecimal(value: number): string {
  // Exactly between two tenths lie odd numbers of quarters.
  return fixed(value, 1, 4);
}

function fixed(value: number, decimals: number, tiesPerUnit: number): string {
  if (Math.abs(value * tiesPerUnit) % 2 !== 1) return value.toFixed(decimals);
  const scale = 10 ** decimals;
  const below = Math.floor(value * scale);
  return ((below % 2 === 0 ? below : below + 1) / scale).toFixed(decimals);
}
