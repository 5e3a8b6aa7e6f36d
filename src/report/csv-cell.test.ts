import { expect, test } from "vitest";
import { csvCell } from "./csv-cell.ts";

test("cells keep numbers, quote what separates, and are no formulas", () => {
  const written = [
    1.5,
    -3,
    null,
    undefined,
    true,
    "a,b",
    'say "x"',
    "two\nlines",
    "a\rb",
    '=cmd|"/c"',
    "+1",
    "-x",
    "@a",
    "",
  ].map(csvCell);
  expect(written).toEqual([
    "1.5",
    "-3",
    "",
    "",
    "true",
    '"a,b"',
    '"say ""x"""',
    '"two\nlines"',
    '"a\rb"',
    `"'=cmd|""/c"""`,
    "'+1",
    "'-x",
    "'@a",
    "",
  ]);
});
