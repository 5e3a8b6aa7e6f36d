import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { scratchFolder } from "../../test/run-cli.ts";
import { checkRoom } from "./disk-room.ts";

test("refuses more rows than a disk holds, before anything runs", () => {
  const folder = scratchFolder();
  expect(() => checkRoom(folder, 1)).not.toThrow();
  expect(() => checkRoom(folder, Number.MAX_SAFE_INTEGER)).toThrow(
    /kB are free, too little for the rows of 9007199254740991 runs/,
  );
});

test.skipIf(!existsSync("/proc/self"))("lets file systems be that do not tell their size (needs /proc)", () => {
  expect(() => checkRoom("/proc", Number.MAX_SAFE_INTEGER)).not.toThrow();
});
