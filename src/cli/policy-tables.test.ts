import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveReplay } from "../config/resolve-replay.ts";
import { policyNames } from "../planner/policies.ts";
import { policyTables } from "../../test/documentation/policy-tables.ts";
import { parseReplayCommandLine } from "./replay-command-line.ts";

const root = join(import.meta.dirname, "../..");
const path = join(root, "docs/policies.md");
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

test("the commands and knobs of docs/policies.md are sound", async () => {
  const blocks = [...readFileSync(path, "utf8").matchAll(/```(\w*)\n(.*?)```/gs)].map(([, kind, text]) => [
    kind,
    text!,
  ]);
  const json = blocks.filter(([kind]) => kind === "json");
  expect(json.length).toBeGreaterThan(0);
  for (const [, text] of json) {
    const policyConfig = JSON.parse(text!) as object;
    const engines = { prefillEngineArgs: {}, decodeEngineArgs: {} };
    const { context } = await resolveReplay({ trace: "preset:chat", policy: "hpa", policyConfig, ...engines });
    expect(context.policy).toBe("hpa");
  }
  const replay = blocks.map(([, text]) => text!).find((text) => text.includes("windtunnel replay"))!;
  const args = shellWords(replay).slice(2);
  const options = parseReplayCommandLine(args)!;
  const resolved = await resolveReplay({ ...options, extraEngineArgs: join(root, String(options.extraEngineArgs)) });
  expect(resolved.context.policy).toBe("hpa");
});

/** The words of a command in a shell: quotes and line ends only. */
function shellWords(text: string): string[] {
  return [...text.replaceAll("\\\n", " ").matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}
