import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserMissing, launchBrowser, openPage } from "./browser-page.ts";
import { policyEngine } from "./policy-run.ts";
import { accessibilityFaults } from "./page-accessibility.ts";
import { runCli, scratchFolder } from "./run-cli.ts";

/** A study of ten minutes on a preset: two policies, two start-up times, two fixed fleets. */
const plan = {
  traces: [{ name: "conversation", trace: "preset:conversation" }],
  policies: [
    "dynamo",
    { name: "hpa <24>", policy: "hpa", policy_config: { metrics: [{ name: "concurrency", target: 24 }] } },
  ],
  startup_times: [0, 60],
  static_fleets: [2, 4],
  sla_ttft_ms: 1500,
  sla_itl_ms: 50,
  replay: {
    num_workers: 2,
    max_sim_time_seconds: 600,
    extra_engine_args: policyEngine,
    planner_config: { mode: "agg", optimization_target: "sla", enable_load_scaling: true },
  },
};

describe("windtunnel study", () => {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "plan.json"), JSON.stringify(plan));
  const bounds = [
    {
      trace: "conversation",
      points: [
        { attainment: 0.5, gpu_hours: 0.1 },
        { attainment: 1, gpu_hours: 1 },
      ],
    },
  ];
  writeFileSync(join(cwd, "oracle.json"), JSON.stringify(bounds));
  const study = (...args: string[]) => runCli(["study", "--plan", "plan.json", ...args], { cwd });
  const file = (name: string) => readFileSync(join(cwd, "out", name), "utf8");

  test("prints tables, writes rows, Markdown and a page, and runs nothing twice", async () => {
    const first = await study("--out", "out", "--oracle", "oracle.json");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("### All 2 cells");
    expect(first.stdout).toContain("6 runs done, 0 failed");
    expect(file("study.md")).toContain("### conversation, start-up 60 s, ceiling ");
    expect(file("results.jsonl").trim().split("\n")).toHaveLength(6);
    const again = await study("--out", "out", "--oracle", "oracle.json", "--parallel", "1");
    expect(again.stdout).toContain("6 runs done, 6 of them from before, 0 failed");
    const table = (text: string) => text.slice(0, text.indexOf("runs done"));
    expect(table(again.stdout)).toBe(table(first.stdout));
  });

  test("lists its runs, and tells mistakes before any of them", async () => {
    const dry = await study("--dry-run");
    expect(dry.stdout.trim().split("\n")).toHaveLength(6);
    const policies = ["dynmo", { policy: "hpa", policy_config: { tolerence: 0.1 } }];
    writeFileSync(join(cwd, "wrong.json"), JSON.stringify({ ...plan, policies }));
    const wrong = await runCli(["study", "--plan", "wrong.json"], { cwd });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('unknown policy "dynmo" (did you mean "dynamo"?)');
    expect(wrong.stderr).toContain('unknown key "tolerence" (did you mean "tolerance"?)');
    writeFileSync(join(cwd, "lost.json"), JSON.stringify({ ...plan, traces: [{ name: "a", trace: "lost.jsonl" }] }));
    const lost = await runCli(["study", "--plan", "lost.json"], { cwd });
    expect(lost).toMatchObject({ code: 2 });
    expect(lost.stderr).toContain("cannot read lost.jsonl: no such file; --traces FOLDER says where trace files are");
  });

  describe.skipIf(browserMissing !== null)(`its page${browserMissing === null ? "" : ` (${browserMissing})`}`, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    }, 60_000);
    afterAll(() => browser?.close());

    test("shows every cell, names escaped, and keeps a chosen policy in view", async () => {
      const { page, complaints, requests } = await openPage(browser, file("index.html"));
      expect(await page.locator("[data-chart]").count()).toBe(2);
      expect(await page.locator("[data-mark]").count()).toBe(4);
      expect(await page.locator('[data-chart="conversation/0/0"] path.c-grey').count()).toBe(1);
      expect(await page.locator('[data-chart="conversation/0/0"] path.c-green').count()).toBe(1);
      expect(await page.locator(".run-table").first().locator("tbody tr th").allInnerTexts()).toEqual([
        "dynamo",
        "hpa <24>",
      ]);
      expect((await page.locator(".sweep-lead").allInnerTexts()).join(" ")).toContain(
        "comes nearest to what more replicas",
      );
      await page.locator('[data-policy="hpa <24>"]').click();
      expect(await page.locator("[data-mark].dimmed").count()).toBe(2);
      expect(await page.locator('[data-mark="hpa <24>"].dimmed').count()).toBe(0);
      await page.locator('[data-policy="hpa <24>"]').click();
      expect(await page.locator("[data-mark].dimmed").count()).toBe(0);
      await page.locator("details summary").first().click();
      expect(await page.locator("details[open] table").innerText()).toContain("fixed-4");
      expect(await accessibilityFaults(page)).toEqual([]);
      expect([complaints, requests]).toEqual([[], []]);
      await page.close();
    });

    test("draws few charts at their own size on a wide screen, each to be saved as a picture", async () => {
      const { page } = await openPage(browser, file("index.html"), { width: 1800 });
      const sizes = await page.evaluate<[number, number][]>(
        `[...document.querySelectorAll(".sweep-chart > svg")].map((one) => [one.clientWidth, one.viewBox.baseVal.width])`,
      );
      expect(sizes).toHaveLength(2);
      for (const [shown, drawn] of sizes) expect(Math.abs(shown / drawn - 1)).toBeLessThan(0.1);
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.locator(".sweep-chart .save button").first().click(),
      ]);
      expect(saved.suggestedFilename()).toBe("conversation-start-up-0-s-attainment-by-GPU-hours.svg");
      await page.close();
    });

    test("finds what was chosen again after a visit to another page", async () => {
      const { page, complaints } = await openPage(browser, file("index.html"));
      await page.locator('[data-policy="hpa <24>"]').click();
      await page.locator("details summary").last().click();
      await page.locator("details[open] th button", { hasText: "GPU-hours" }).click();
      const rows = () => page.locator("details[open] tbody th").allInnerTexts();
      const sorted = await rows();
      expect(sorted).toHaveLength(6);
      const address = page.url();
      expect(address).toContain("#policy=hpa%20%3C24%3E&open=2&2.sort=GPU-hours");
      await page.goto("about:blank");
      await page.goBack();
      expect(page.url()).toBe(address);
      expect(await rows()).toEqual(sorted);
      expect(await page.locator("[data-mark].dimmed").count()).toBe(2);
      // Printing unfolds everything, and changes nothing that was chosen.
      await page.pdf();
      expect([await page.locator("details[open]").count(), page.url()]).toEqual([1, address]);
      await page.locator("details summary").last().click();
      await page.locator('[data-policy="hpa <24>"]').click();
      expect(await page.evaluate("location.hash")).toBe("#2.sort=GPU-hours");
      await page.evaluate('location.hash = "#policy=nobody&open=0,x,99&9.sort=y"');
      await page.waitForTimeout(20);
      expect(await page.locator("details[open], [data-mark].dimmed").count()).toBe(0);
      expect(complaints).toEqual([]);
      await page.close();
    });
  });
});
