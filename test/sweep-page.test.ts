import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AxisValue } from "../src/sweep/axis.ts";
import { renderSweepPage } from "../src/sweep/render-page.ts";
import { failedRow, sweepFigureNames, type SweepFigure, type SweepRow } from "../src/sweep/sweep-row.ts";
import { browserMissing, launchBrowser, openPage } from "./browser-page.ts";
import { accessibilityFaults } from "./page-accessibility.ts";
import { runCli, scratchFolder } from "./run-cli.ts";

/** A row with made-up figures: one attainment falls as the value rises. */
function madeRow(index: number, values: Record<string, AxisValue>, change: Partial<Record<SweepFigure, number>>) {
  const figures = Object.fromEntries(sweepFigureNames.map((name, k) => [name, index + k + 0.123456789]));
  return {
    run: `run${index}`,
    index,
    values,
    repeat: 0,
    figures: { ...figures, sla_ttft_ms: 1500, sla_itl_ms: 50, ...change, digest: "d" },
    error: null,
  } as unknown as SweepRow;
}

const render = (rows: readonly SweepRow[]) =>
  renderSweepPage(rows, "out", { threshold: 0.9, trace: "wave.jsonl", folders: ["out"] });
const charts = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll("[data-chart]")].map((one) => one.dataset.chart)`);
const marks = (page: Page, name: string): Promise<number> =>
  page.evaluate(`document.querySelectorAll('[data-chart="${name}"] circle').length`);
const leads = async (page: Page): Promise<string> =>
  (await page.locator(".sweep-lead").allInnerTexts()).join("\n").replaceAll("\u00a0", " ");
const firstCells = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll(".run-table tbody tr th")].map((cell) => cell.textContent)`);

describe.skipIf(browserMissing !== null)(`sweep page${browserMissing === null ? "" : ` (${browserMissing})`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  test("one axis: panels with SLA lines, the cliff in words, the Pareto front", async () => {
    const shares = [0.99, 0.95, 0.7, 0.4];
    const hours = [4, 3, 3.5, 1];
    const rows = shares.map((share, i) =>
      madeRow(i, { "engine.startup_time": i * 10 }, { sla_attainment: share, gpu_hours: hours[i]! }),
    );
    const lost = failedRow("run4", { index: 4, values: { "engine.startup_time": 40 }, repeat: 0 }, "<b>no luck</b>");
    const { page, complaints, requests } = await openPage(browser, render([...rows, lost]));
    expect(await charts(page)).toEqual(["attainment", "ttft", "itl", "gpu-hours", "scaling", "pareto"]);
    for (const [name, count] of Object.entries({
      attainment: 12,
      ttft: 12,
      itl: 12,
      "gpu-hours": 4,
      scaling: 8,
      pareto: 4,
    })) {
      expect(await marks(page, name), name).toBe(count);
    }
    const levels = `[...document.querySelectorAll("svg .level")].filter((line) => line.closest("[data-chart] > svg")).length`;
    expect(await page.evaluate(levels)).toBe(4);
    const words = await leads(page);
    expect(words).toContain(
      "SLA attainment first falls below 90 % at engine.startup_time = 20 (70 %; 95 % at 10). It does not come back.",
    );
    expect(words).toContain("the cheapest is engine.startup_time = 10: 3 GPU-hours at 95.0 %");
    expect(words).toContain("1 of 5 runs failed");
    // Run 2 costs more than run 1 and attains less.
    const dimmed = `[...document.querySelectorAll('[data-chart="pareto"] circle.dimmed title')].map((one) => one.textContent)`;
    expect(await page.evaluate(dimmed)).toEqual([expect.stringContaining("engine.startup_time = 20") as string]);
    expect(await page.locator(".failure").allInnerTexts()).toEqual(["failed: <b>no luck</b>"]);
    expect(await page.locator(".facts-line").innerText()).toBe(
      "wave.jsonl · 5 runs · SLA: TTFT ≤ 1,500 ms, ITL ≤ 50 ms",
    );
    expect(await accessibilityFaults(page)).toEqual([]);
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test("two axes are heat maps, three small multiples, names keep their names", async () => {
    const two = [1, 2].flatMap((a) =>
      ["kv_router", "round_robin"].map((b, k) =>
        madeRow(a * 2 + k, { "run.num_workers": a, "run.router_mode": b }, { sla_attainment: 0.5 + k / 4 }),
      ),
    );
    const first = await openPage(browser, render(two), { dark: true });
    expect(await charts(first.page)).toEqual([
      "heat-sla_attainment",
      "heat-p90_ttft_ms",
      "heat-p90_itl_ms",
      "heat-gpu_hours",
      "pareto",
    ]);
    const cells = await first.page.locator('[data-chart="heat-sla_attainment"] td').allInnerTexts();
    expect(cells).toEqual(["50.0 %", "75.0 %", "50.0 %", "75.0 %"]);
    expect(await accessibilityFaults(first.page)).toEqual([]);
    expect(first.complaints).toEqual([]);
    await first.page.close();

    const three = two.map((row) => ({ ...row, values: { ...row.values, "engine.block_size": 16 } }));
    const { page, complaints } = await openPage(browser, render(three));
    expect(await charts(page)).toEqual(["quality-0", "cost-0", "quality-1", "cost-1", "quality-2", "cost-2", "pareto"]);
    expect(await page.locator('[data-chart="quality-1"]').textContent()).toContain("round_robin");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("maps of many cells are pictures that tell what is pointed at", async () => {
    const rows = Array.from({ length: 60 * 50 }, (_, i) =>
      madeRow(
        i,
        { "run.num_workers": Math.floor(i / 50), "engine.block_size": i % 50 },
        { sla_attainment: (i % 50) / 50 },
      ),
    );
    const { page, complaints } = await openPage(browser, render(rows.toSpliced(1525, 1)), { dark: true });
    const map = page.locator('[data-chart="heat-sla_attainment"]');
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(8000);
    expect(await map.locator("td").count()).toBe(0);
    // As many shades as there are steps of a percent, the darkest unlike the palest.
    const fills = `[...document.querySelectorAll('[data-chart="heat-sla_attainment"] path')].map((one) => getComputedStyle(one).fill)`;
    expect(new Set(await page.evaluate<string[]>(fills)).size).toBeGreaterThan(40);
    const box = (await map.locator("svg").boundingBox())!;
    const note = async (row: number, column: number) => {
      const [x, y] = [72 + ((column + 0.5) / 50) * (560 - 82), 6 + ((row + 0.5) / 60) * (400 - 46)];
      await page.mouse.move(box.x + (x / 560) * box.width, box.y + (y / 400) * box.height);
      return map.locator(".note").textContent();
    };
    expect(await note(0, 0)).toBe("run.num_workers = 0, engine.block_size = 0: 0 %");
    expect(await note(59, 49)).toBe("run.num_workers = 59, engine.block_size = 49: 98.0 %");
    expect(await note(30, 25)).toBe("from 0 % (pale) to 98.0 % (strong)");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a chart can be saved as a picture that stands on its own", async () => {
    const rows = Array.from({ length: 6 }, (_, i) =>
      madeRow(i, { "a.<x>": i }, { sla_attainment: i / 6, gpu_hours: i }),
    );
    const { page, complaints } = await openPage(browser, render(rows));
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.locator(".sweep-chart .save button").first().click(),
    ]);
    expect(saved.suggestedFilename()).toBe("SLA-attainment-of-requests-by-a.-x.svg");
    const picture = readFileSync((await saved.path())!, "utf8");
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(picture).toContain(">SLA attainment, % of requests</text>");
    expect(picture).toContain(">a.&lt;x&gt;</text>");
    // It carries its own look, and refers to nothing.
    expect(picture).not.toMatch(/class=|style=|href=|var\(/);
    expect(picture.match(/<circle /g)!.length).toBeGreaterThanOrEqual(6);
    const alone = await openPage(browser, picture);
    expect(await alone.page.locator("svg circle").first().evaluate("(dot) => getComputedStyle(dot).fill")).not.toBe(
      "rgb(0, 0, 0)",
    );
    expect([...complaints, ...alone.complaints]).toEqual([]);
    await page.close();
    await alone.page.close();
  });

  test("the table sorts and leafs, and the CSV has every figure", async () => {
    const rows = Array.from({ length: 250 }, (_, i) =>
      madeRow(i, { "a.x": (i * 7) % 250 }, { sla_attainment: 0.5, gpu_hours: 250 - i }),
    );
    const { page } = await openPage(browser, render(rows));
    expect(await firstCells(page)).toHaveLength(200);
    const header = page.locator(".run-table thead button", { hasText: "GPU-hours" });
    await header.click();
    expect((await firstCells(page)).slice(0, 2)).toEqual(["249", "248"]);
    await header.click();
    expect((await firstCells(page)).slice(0, 2)).toEqual(["0", "1"]);
    await page.getByRole("button", { name: "Next runs" }).click();
    expect(await firstCells(page)).toHaveLength(50);
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save all figures" }).click(),
    ]);
    const lines = readFileSync((await saved.path())!, "utf8")
      .trim()
      .split("\n");
    expect(lines).toHaveLength(251);
    expect(lines[0]).toBe(["index", "repeat", "a.x", ...sweepFigureNames, "error"].join(","));
    expect(lines[2]!.startsWith("1,0,7,1.12346,")).toBe(true);
    await page.close();
  });

  test("order and leaf of the table outlive a visit to another page, and travel with the address", async () => {
    const rows = Array.from({ length: 450 }, (_, i) => madeRow(i, { "a.x": i }, { gpu_hours: (i * 7) % 450 }));
    const { page, complaints } = await openPage(browser, render(rows));
    const cells = async () => (await firstCells(page)).slice(0, 2);
    const hash = () => page.evaluate<string>("location.hash");
    const next = page.getByRole("button", { name: "Next runs" });
    const header = page.locator(".run-table thead th", { hasText: "GPU-hours" });
    expect(await page.getByRole("button", { name: "Previous runs" }).isDisabled()).toBe(true);
    await header.getByRole("button").click();
    await header.getByRole("button").click();
    await next.click();
    await next.click();
    expect(await next.isDisabled()).toBe(true);
    expect(await hash()).toBe("#sort=gpu_hours&descending&page=3");
    const there = await cells();
    // The last fifty of 450 by falling cost.
    expect(there.map((index) => (Number(index) * 7) % 450)).toEqual([49, 48]);
    const address = page.url();
    await page.goto("about:blank");
    await page.goBack();
    expect(page.url()).toBe(address);
    expect(await cells()).toEqual(there);
    expect(await header.getAttribute("aria-sort")).toBe("descending");
    await page.getByRole("button", { name: "Previous runs" }).click();
    expect(await hash()).toBe("#sort=gpu_hours&descending&page=2");
    await page.locator(".run-table thead button", { hasText: "a.x" }).click();
    expect([await hash(), await cells()]).toEqual(["#sort=a.x", ["0", "1"]]);

    // An address typed into the open page counts as well; what no page can be meant by is ignored.
    const typed = async (text: string) => {
      await page.evaluate(`location.hash = ${JSON.stringify(text)}`);
      await page.waitForTimeout(20);
      return cells();
    };
    expect(await typed("#page=2")).toEqual(["200", "201"]);
    expect(await header.getAttribute("aria-sort")).toBe("none");
    const senseless = ["#sort=constructor&page=-1", "#page=4", "#page=1e0", "#%E0%A4%A&&=&sort", "#descending", "#"];
    for (const text of senseless) expect(await typed(text), text).toEqual(["0", "1"]);
    expect(await typed(`#sort=${encodeURIComponent("<img src=x onerror=alert(1)>")}&page=3`)).toEqual(["400", "401"]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a sweep without a finished run says why, and draws nothing", async () => {
    const points = ["=cmd()", '</script><script>alert("x")</script>\u2028'].map((policy, index) => ({
      index,
      values: { policy },
      repeat: 0,
    }));
    const rows = points.map((point) => failedRow(`run${point.index}`, point, `no policy ${point.values.policy}`));
    const { page, complaints } = await openPage(browser, render(rows));
    expect(await charts(page)).toEqual([]);
    expect(await leads(page)).toContain("All 2 runs failed.\n1 ×: no policy =cmd()");
    expect(await page.locator(".failure").count()).toBe(2);
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save all figures" }).click(),
    ]);
    // Nothing a spreadsheet would run.
    expect(readFileSync((await saved.path())!, "utf8").split("\n")[1]).toMatch(/^0,0,'=cmd\(\),,/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a long error unfolds to all of it, on paper too, and is all in the CSV", async () => {
    const stack = Array.from({ length: 40 }, (_, i) => `    at policy${i} (<img src=x>mine.mjs:${i}:1)`).join("\n");
    const long = `the policy's onTick failed: ${"no idea, ".repeat(80)}\n${stack}`;
    const rows = [0, 1, 2].map((index) =>
      failedRow(`run${index}`, { index, values: { "a.x": index }, repeat: 0 }, index < 2 ? long : "short"),
    );
    const html = render([...rows, madeRow(3, { "a.x": 3 }, { gpu_hours: 1 })]);
    // Once for both runs.
    expect(html.split("at policy39 ").length).toBe(2);
    const { page, complaints } = await openPage(browser, html);
    const first = page.locator(".failure").first();
    expect(await first.innerText()).toMatch(/^failed: the policy's onTick failed: no idea, .*, no id…$/);
    expect((await first.innerText()).length).toBeLessThan(300);
    const color = (selector: string) => page.evaluate(`getComputedStyle(document.querySelector("${selector}")).color`);
    expect(await color(".failure summary")).toBe(await color(".failure"));
    await first.locator("summary").click();
    expect(await first.locator(".whole").innerText()).toBe(long);
    expect(await page.locator(".failure").last().innerText()).toBe("failed: short");
    const open = () => page.locator(".failure details[open]").count();
    expect(await open()).toBe(1);
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await open()).toBe(2);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await open()).toBe(1);
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save all figures" }).click(),
    ]);
    expect(readFileSync((await saved.path())!, "utf8")).toContain(long);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("cells that keep the SLA are framed, equal values and zeros have sane axes", async () => {
    const rows = [1, 2].flatMap((a) =>
      [10, 20].map((b, k) =>
        madeRow(a * 2 + k, { "run.num_workers": a, "engine.block_size": b }, { sla_attainment: k === 0 ? 0.95 : 0.5 }),
      ),
    );
    const maps = await openPage(browser, render(rows));
    const framed = '[data-chart="heat-gpu_hours"] td.holds';
    expect(await maps.page.locator(framed).count()).toBe(2);
    expect(await maps.page.locator('[data-chart="heat-gpu_hours"] .note').innerText()).toContain("at least 90 %");
    await maps.page.close();

    const one = madeRow(0, { "run.num_workers": 2 }, { sla_attainment: 0, gpu_hours: 0, scale_ups: 0, scale_downs: 0 });
    const { page } = await openPage(browser, render([one]));
    expect(await charts(page)).not.toContain("scaling");
    const ticks = `[...document.querySelectorAll('[data-chart="pareto"] .tick')].map((one) => one.textContent)`;
    expect(await page.evaluate<string[]>(ticks)).not.toContain(expect.stringContaining("−"));
    const across = `[...document.querySelectorAll('[data-chart="ttft"] .tick[text-anchor="middle"]')].map((one) => one.textContent)`;
    expect(await page.evaluate(across)).toEqual(["2", "run.num_workers"]);
    await page.close();
  });

  test("values of equal ratios get equal room, and runs that completed nothing no latency", async () => {
    const latencies = sweepFigureNames.filter((name) => /^(mean|median|p\d+)_/.test(name));
    const noLatencies = Object.fromEntries(latencies.map((name) => [name, 0]));
    const rows = [1, 10, 100, 1000].map((x, i) =>
      madeRow(i, { "a.x": x }, i === 0 ? { completed_requests: 0, ...noLatencies } : {}),
    );
    const { page, complaints } = await openPage(browser, render(rows));
    const across = `[...document.querySelectorAll('[data-chart="gpu-hours"] > svg > .tick[text-anchor="middle"]')].map((one) => [one.textContent, Number(one.getAttribute("x"))])`;
    const ticks = await page.evaluate<[string, number][]>(across);
    expect(ticks.map(([text]) => text)).toEqual(["1", "10", "100", "1,000", "a.x, logarithmic"]);
    const gaps = ticks.slice(1, 4).map(([, at], i) => Math.round(at - ticks[i]![1]));
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
    expect(await marks(page, "ttft")).toBe(9);
    expect(await page.locator(".run-table tbody tr").first().innerText()).toMatch(/\t–\t–\t–\t–\t–\t–\t/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("charts fit the width they get, on paper too, and name every policy", async () => {
    const policies = ["dynamo", "dynamo-fixed", "hpa", "keda", "kpa", "ray-serve", "llm-d-wva", "slo", "static"];
    const rows = policies.map((policy, i) => madeRow(i, { policy }, { sla_attainment: 0.9 + i / 100 }));
    const { page, complaints } = await openPage(browser, render(rows));
    const drawn = `document.querySelector('[data-chart="ttft"] > svg').viewBox.baseVal.width`;
    const shown = `document.querySelector('[data-chart="ttft"] > svg').clientWidth`;
    const names = () =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('[data-chart="ttft"] > svg > .tick[text-anchor="middle"]')].map((one) => (one.querySelector("title") ?? one).textContent)`,
      );
    for (const width of [1280, 360, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      await expect
        .poll(() => page.evaluate<number>(`Math.abs(${drawn} - ${shown})`), { message: `${width}` })
        .toBeLessThan(6);
      expect(await names()).toEqual([...policies, "policy"]);
    }
    await page.evaluate(`addEventListener("beforeprint", () => { document.body.dataset.paper = ${drawn}; })`);
    await page.pdf({ format: "A4" });
    expect(Number(await page.locator("body").getAttribute("data-paper"))).toBeLessThan(350);
    expect(await page.evaluate<number>(drawn)).toBeGreaterThan(400);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a point opens the run's own page", async () => {
    const cwd = scratchFolder();
    const small = ["--input-tokens", "100", "--output-tokens", "5", "--request-count", "20", "--request-rate", "20"];
    await runCli(["sweep", ...small, "--vary", "run.num_workers=1,2", "--keep-results", "--out", "o"], { cwd });
    const page = await browser.newPage();
    await page.goto(`file://${join(cwd, "o/index.html")}`);
    await page.locator('[data-chart="gpu-hours"] a circle').first().click();
    await page.waitForURL(/runs\/[0-9a-f]{24}\.html$/);
    expect(await page.locator(".plain-figures").count()).toBe(1);
    await page.close();
  });

  test("ten thousand runs stay usable", async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) =>
      madeRow(
        i,
        { "engine.startup_time": i * 0.03, "planner.ttft_ms": (i * 37) % 1000 },
        { sla_attainment: (i % 997) / 997, gpu_hours: 1 + ((i * 31) % 1009) / 100 },
      ),
    );
    const html = render(rows);
    expect(html.length).toBeLessThan(5_000_000);
    const { page, complaints } = await openPage(browser, html);
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(10_000);
    await page.locator(".run-table thead button", { hasText: "GPU-hours" }).click();
    expect(await firstCells(page)).toHaveLength(200);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
