import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserMissing, launchBrowser, openFile } from "./browser-page.ts";
import { scratchFolder } from "./run-cli.ts";
import { StartedProcess } from "./started-process.ts";

const procMissing = process.platform === "linux" ? null : "needs /proc";
const small = ["--input-tokens", "200", "--output-tokens", "8", "--request-count", "40", "--request-rate", "40"];
const bounds = ["--sla-ttft-ms", "40", "--sla-itl-ms", "8"];

/** Resident memory of a process and how many rows it has written. */
interface Sample {
  readonly megabytes: number;
  readonly rows: number;
}

/** Runs a sweep to its end and looks at its memory twice a second. */
async function watched(args: readonly string[], cwd: string): Promise<{ samples: Sample[]; code: number | null }> {
  const sweep = new StartedProcess(["sweep", ...small, ...bounds, ...args, "--out", "o", "--quiet"], cwd);
  const samples: Sample[] = [];
  const timer = setInterval(() => {
    try {
      const pages = Number(readFileSync(`/proc/${sweep.pid}/statm`, "utf8").split(" ")[1]);
      const rows = readFileSync(join(cwd, "o/results.jsonl"), "utf8").split("\n").length - 1;
      samples.push({ megabytes: (pages * 4096) / 1e6, rows });
    } catch {
      // Not begun yet, or over.
    }
  }, 500);
  const code = await sweep.ended;
  clearInterval(timer);
  return { samples, code };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >>> 1]!;
const between = (samples: readonly Sample[], from: number, to: number) =>
  median(samples.filter(({ rows }) => rows >= from && rows < to).map(({ megabytes }) => megabytes));

describe.skipIf(procMissing !== null)(`ten thousand runs${procMissing === null ? "" : ` (${procMissing})`}`, () => {
  const cwd = scratchFolder();

  test("take no more memory at the end than at the beginning", async () => {
    const grid = ["--vary", "engine.max_num_seqs=1:100:1", "--vary", "run.request_rate=1:100:1"];
    const { samples, code } = await watched([...grid, "--parallel", "2"], cwd);
    expect(code).toBe(0);
    const early = between(samples, 500, 2500);
    const late = between(samples, 8000, 10_001);
    // Each row is kept until the end (1 kB or two); a run that left anything else behind would show.
    expect(late - early, `${early} MB early, ${late} MB late`).toBeLessThan(70);
    expect(Math.max(...samples.map(({ megabytes }) => megabytes))).toBeLessThan(600);
  });

  describe.skipIf(browserMissing !== null)(`their page${browserMissing === null ? "" : ` (${browserMissing})`}`, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchBrowser();
    }, 60_000);
    afterAll(() => browser?.close());

    test("is one small file that draws maps, sorts and leafs", async () => {
      const path = join(cwd, "o/index.html");
      expect(readFileSync(path).length).toBeLessThan(6_000_000);
      const { page, complaints, requests } = await openFile(browser, path);
      expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(10_000);
      expect(await page.locator(".dense-heat").count()).toBe(4);
      for (const name of ["gpu_hours", "p99_ttft_ms", "engine.max_num_seqs"]) {
        const header = page.locator("th", { has: page.locator(`button[title="Sort by ${name}"]`) });
        await header.locator("button").click();
        expect(await header.getAttribute("aria-sort")).toBe("ascending");
        expect(await page.locator(".run-table tbody tr").count()).toBe(200);
      }
      await page.locator(".dense-heat").first().hover();
      const told = await page.locator('[data-chart="heat-sla_attainment"] .note').textContent();
      expect(told).toMatch(/^engine\.max_num_seqs = \d+, run\.request_rate = \d+: [\d.]+ %$/);
      const heap = await page.evaluate<number>("performance.memory.usedJSHeapSize");
      expect(heap).toBeLessThan(150_000_000);
      expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
      await page.close();
    });
  });
});
