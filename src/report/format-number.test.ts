import { expect, test } from "vitest";
import { oneDecimal, twoDecimals } from "./format-number.ts";

// As Python 3 formats them with {:,.2f}.
test.each([
  [0, "0.00"],
  [0.125, "0.12"],
  [0.375, "0.38"],
  [0.625, "0.62"],
  [2.675, "2.67"],
  [1.005, "1.00"],
  [1234.5, "1,234.50"],
  [999.995, "1,000.00"],
  [1234567.891, "1,234,567.89"],
  [12345678.125, "12,345,678.12"],
  [1e15, "1,000,000,000,000,000.00"],
])("%d is %s", (value, text) => {
  expect(twoDecimals(value)).toBe(text);
});

// As Python 3 formats them with {:.1f}.
test.each([
  [0, "0.0"],
  [7.25, "7.2"],
  [7.75, "7.8"],
  [12.35, "12.3"],
  [600, "600.0"],
  [3599.95, "3599.9"],
])("%d is %s to one decimal", (value, text) => {
  expect(oneDecimal(value)).toBe(text);
});
