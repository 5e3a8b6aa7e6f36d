import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { policyNames } from "../planner/policies.ts";
import { policyTables } from "./policy-tables.ts";

const path = join(import.meta.dirname, "../../docs/policies.md");
const markers = ["<!-- knobs: written by the test of this page -->", "<!-- /knobs -->"] as const;

test("docs/policies.md lists every knob (UPDATE_DOCS=1 rewrites the tables)", async () => {
  const page = readFileSync(path, "utf8");
  const [before, rest] = page.split(markers[0]) as [string, string];
  const [inside, after] = rest.split(markers[1]) as [string, string];
  const generated = await policyTables();
  if (process.env["UPDATE_DOCS"] !== undefined) {
    writeFileSync(path, `${before}${markers[0]}\n\n${generated}\n\n${markers[1]}${after}`);
    return;
  }
  expect(inside.trim()).toBe(generated);
});

test("docs/policies.md says of every policy what it is", () => {
  const page = readFileSync(path, "utf8");
  for (const name of policyNames) expect(page, name).toContain(`| \`${name}\` |`);
});
