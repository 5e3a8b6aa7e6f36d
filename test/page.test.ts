import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderComparePage, renderHtmlReport } from "../src/report/html-report.ts";
import { simulate } from "../src/replay.ts";
import { readResult } from "../src/report/read-result.ts";
import type { RunResult } from "../src/result/schema.ts";
import {
  browserMissing,
  dragAcross,
  emptyCharts,
  inkOfCharts,
  launchBrowser,
  openPage,
  pictures,
  until,
} from "./browser-page.ts";
import { accessibilityFaults } from "./page-accessibility.ts";
import { pageRuns, rushTrace } from "./page-runs.ts";

/** Charts only a planner can fill. */
const plannersOnly = ["events", "decisions", "estimated-ttft", "estimated-itl", "capacity"];
const emptyByKind: Readonly<Record<string, readonly string[]>> = {
  static: [...plannersOnly, "accept-length"],
  agg: [],
  disagg: [],
  disrupted: [...plannersOnly, "accept-length"],
  staticDisagg: [...plannersOnly, "attainment", "accept-length"],
  easy: ["attainment", "estimated-ttft", "estimated-itl", "capacity", "accept-length"],
};

describe.skipIf(browserMissing !== null)(`report page${browserMissing === null ? "" : ` (${browserMissing})`}`, () => {
  let browser: Browser;
  const results: Record<string, RunResult> = {};
  beforeAll(async () => {
    browser = await launchBrowser();
    for (const [kind, run] of Object.entries(pageRuns)) results[kind] = await run();
  }, 120_000);
  afterAll(() => browser?.close());

  test.each(Object.keys(pageRuns))("draws every chart of the %s run, quietly and without the network", async (kind) => {
    const { page, complaints, requests } = await openPage(browser, renderHtmlReport(results[kind]!), {
      dark: kind === "disagg",
    });
    for (const [chart, ink] of Object.entries(await inkOfCharts(page))) expect(ink, chart).toBeGreaterThan(150);
    const empty = await emptyCharts(page);
    expect(Object.keys(empty).toSorted()).toEqual(emptyByKind[kind]!.toSorted());
    for (const reason of Object.values(empty)) expect(reason.length).toBeGreaterThan(20);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    await page.close();
  });

  test("figures are the result's", async () => {
    const result = results["agg"]!;
    const html = renderHtmlReport(result);
    expect(html).toContain(`GPU hours: ${JSON.stringify(result.gpu_hours)}<`);
    const { page } = await openPage(browser, html);
    const titles: string[] = await page.evaluate(
      `[...document.querySelectorAll(".percentiles tbody tr:first-child td[title]")].map((cell) => cell.title)`,
    );
    const names = ["mean", "median", "p90", "p95", "p99", "max"] as const;
    expect(titles.map((title) => title.replace(/^.*\(|\)$/g, ""))).toEqual(
      names.map((name) => `${result[`${name}_ttft_ms`]} ms`),
    );
    const summary = await page.locator(".first-screen").innerText();
    const { attainment } = result.sla!;
    for (const share of [attainment.ttft!, attainment.itl!, attainment.all]) {
      expect(summary).toContain(`${(share * 100).toFixed(1)} %`);
    }
    expect(summary).toContain(result.num_requests.toLocaleString("en-US"));
    expect(summary).toContain(String(result.scaling_events.length));
    expect(await page.locator(".configuration").innerText()).toMatch(/startup_time\s+15\s+given/);
    await page.close();
  });

  test("the verdict is by the share that met all bounds, and a bound just reached is met", async () => {
    const { sla, ...result } = results["agg"]!;
    const lastUp = result.scaling_events.findLastIndex(({ kind }) => kind === "scale_up");
    const events = result.scaling_events.filter((_, i) => i !== lastUp);
    for (const [share, verdict] of [
      [0.9, "~"],
      [0.85, "✕"],
    ] as const) {
      const bound = result.p95_ttft_ms;
      const seen = {
        ...result,
        scaling_events: events,
        sla: { ...sla!, ttft_ms: bound, attainment: { ...sla!.attainment, all: share } },
      };
      const { page } = await openPage(browser, renderHtmlReport(seen));
      expect(await page.locator(".verdict .badge").textContent(), String(share)).toBe(verdict);
      const cells = page.locator(".percentiles tbody tr").first().locator("td");
      const classes = await cells.evaluateAll((found) => found.slice(3, 5).map((cell) => cell.className));
      expect(classes).toEqual(["numeric within", "numeric over"]);
      const ups = events.filter(({ kind }) => kind === "scale_up").length;
      const tiles = await page.locator(".tiles").innerText();
      expect(tiles).toContain(`${ups} up, ${events.length - ups} down`);
      await page.close();
    }
  });

  test("a zoom in one chart moves all, and the whole run comes back", async () => {
    const { page } = await openPage(browser, renderHtmlReport(results["agg"]!));
    const before = await pictures(page);
    const range = await page.locator(".toolbar .range").textContent();
    await dragAcross(page, "ttft", 0.3, 0.6);
    const timed = Object.keys(before).filter((chart) => chart !== "distributions" && chart !== "ttft-by-length");
    // Charts out of sight follow when the browser has time.
    const moved = async () => {
      const now = await pictures(page);
      return timed.filter((chart) => now[chart] !== before[chart]);
    };
    await expect.poll(moved, { timeout: 10_000 }).toEqual(timed);
    const zoomed = await pictures(page);
    expect(zoomed["distributions"]).toBe(before["distributions"]);
    expect(await page.locator(".toolbar .range").textContent()).not.toBe(range);
    await page.keyboard.press("ArrowRight");
    await expect.poll(async () => (await pictures(page))["ttft"] === zoomed["ttft"]).toBe(false);
    await page.keyboard.press("0");
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    expect(await page.locator(".toolbar .range").textContent()).toBe(range);
    await page.close();
  });

  test("the cursor of one chart shows values in all that are in sight", async () => {
    const { page } = await openPage(browser, renderHtmlReport(results["agg"]!));
    const over = page.locator("#chart-attainment .u-over");
    await over.scrollIntoViewIfNeeded();
    const box = (await over.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 20);
    await until(page, `document.querySelector("#chart-ttft .value").textContent !== ""`);
    expect(await page.locator(".toolbar .cursor-time").textContent()).toMatch(/^at 0:\d\d:\d\d/);
    await page.close();
  });

  test("a decision mark opens its explanation, and keys lead on and out", async () => {
    const result = results["agg"]!;
    const { page } = await openPage(browser, renderHtmlReport(result));
    await page.locator("#chart-events .mark").first().focus();
    await page.keyboard.press("Enter");
    const panel = page.locator("#decision-panel");
    const [first, second] = result.scaling_events;
    expect(await panel.innerText()).toContain(`Scale up ${first!.from} → ${first!.to}`);
    expect(await panel.innerText()).toMatch(/estimated (TTFT|ITL) is over the target, the worst at .* > .* ms/);
    expect(await panel.innerText()).toContain(first!.reason);
    await page.keyboard.press("]");
    expect(await panel.innerText()).toContain(`${second!.from} → ${second!.to}`);
    await page.keyboard.press("Escape");
    expect(await panel.isVisible()).toBe(false);
    await page.close();
  });

  test("what clients and failing workers did is told, and leads to its moment", async () => {
    const result = results["disrupted"]!;
    const { timed_out_requests: timedOut, retried_requests: retried, worker_failures: failures } = result.disruptions!;
    const { page } = await openPage(browser, renderHtmlReport(result));
    const told = await page.locator(".disruptions").innerText();
    expect(timedOut).toBeGreaterThan(1);
    expect(told).toContain(`${timedOut} requests timed out`);
    expect(told).toContain(`${retried} were tried again`);
    const { requests, replacement } = failures[0]!;
    const held = requests === 1 ? "1 request" : `${requests} requests`;
    expect(told).toContain(`0:05:00 (worker 0, ${held}, replaced by ${replacement})`);
    expect(told).toContain("1 worker failed: 0:05:00");
    expect(told).toContain("0:05:20 (there was no worker 9 then)");
    expect(await page.locator("#chart-workers .legend").innerText()).toContain("failed");
    const whole = await page.locator(".toolbar .range").textContent();
    await page.locator(".disruptions button").first().click();
    expect(await page.locator(".toolbar .range").textContent()).not.toBe(whole);
    await page.close();
    const other = await openPage(browser, renderHtmlReport(results["static"]!));
    expect(await other.page.locator(".disruptions").count()).toBe(0);
    await other.page.close();
  });

  test("a run that completed nothing shows no latencies, and says why", async () => {
    const result = await simulate({
      trace: rushTrace(50),
      extraEngineArgs: { num_gpu_blocks: 4096, block_size: 64, max_model_len: 100 },
      numWorkers: 1,
      slaTtftMs: 600,
    });
    const { page, complaints } = await openPage(browser, renderHtmlReport(result));
    const cells = await page.locator(".percentiles td.numeric:not(.bound)").allInnerTexts();
    expect(new Set(cells)).toEqual(new Set(["–"]));
    expect(await page.locator(".warning").innerText()).toBe("Rejected or failed: prompt_exceeds_max_model_len 50.");
    expect(await page.locator(".stretch").innerText()).toContain("Not one request met it, at any time.");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("pictures and data of a chart can be saved, tables sorted", async () => {
    const result = results["disagg"]!;
    const { page } = await openPage(browser, renderHtmlReport(result));
    const saved = async (name: string) => {
      const download = page.waitForEvent("download");
      await page.locator("#chart-ttft").hover();
      await page.locator("#chart-ttft .actions").getByText(name, { exact: true }).click();
      return readFileSync(await (await download).path());
    };
    expect((await saved("PNG")).subarray(1, 4).toString()).toBe("PNG");
    const rows = (await saved("CSV")).toString().trim().split("\r\n");
    expect(rows[0]).toBe("time_s,p99 (ms),p90 (ms),p50 (ms),mean (ms),SLA (ms)");
    expect(rows.length).toBeGreaterThan(result.timeline.ttft_ms.p50.filter((value) => value !== null).length);
    const inputs = () =>
      page.evaluate<number[]>(
        `[...document.querySelectorAll(".sortable tbody tr td:nth-child(6)")].map((cell) => Number(cell.textContent.replace(",", "")))`,
      );
    await page.locator(".sortable th").nth(5).getByRole("button").click();
    expect(await inputs()).toEqual(result.worst_requests.map((row) => row.input_length).toSorted((a, b) => a - b));
    await page.locator(".sortable th").nth(5).getByRole("button").click();
    expect(await inputs()).toEqual(result.worst_requests.map((row) => row.input_length).toSorted((a, b) => b - a));
    await page.close();
  });

  test("stretch, decision and order of the requests outlive a visit to another page", async () => {
    const result = results["agg"]!;
    const { page, complaints } = await openPage(browser, renderHtmlReport(result));
    const range = () => page.locator(".toolbar .range").textContent();
    const whole = await range();
    await dragAcross(page, "ttft", 0.3, 0.6);
    await page.locator("#chart-events .mark").first().click();
    await page.locator(".sortable th", { hasText: "Input" }).getByRole("button").click();
    const hash = () => page.evaluate<string>("location.hash");
    const kept = async () => [...new URLSearchParams((await hash()).slice(1)).keys()].toSorted();
    await expect.poll(kept).toEqual(["decision", "from", "sort", "to"]);
    const [address, stretch, panel] = [page.url(), await range(), await page.locator("#decision-panel").innerText()];
    await page.goto("about:blank");
    await page.goBack();
    expect(page.url()).toBe(address);
    expect(await range()).toBe(stretch);
    expect(await page.locator("#decision-panel").innerText()).toBe(panel);
    expect(await page.locator(".sortable th", { hasText: "Input" }).getAttribute("aria-sort")).toBe("ascending");
    await page.keyboard.press("Escape");
    await page.keyboard.press("0");
    await expect.poll(hash).toBe("#sort=input");
    for (const senseless of ["#from=9&to=3", "#from=x&to=", "#from=-1&to=1e9", "#decision=1e99", "#chart-ttft"]) {
      await page.evaluate(`location.hash = ${JSON.stringify(senseless)}`);
      await page.waitForTimeout(20);
      expect([await range(), await page.locator("#decision-panel").isVisible()], senseless).toEqual([whole, false]);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a stretch up to the end of the run is kept, though the end is no whole millisecond", async () => {
    const seconds = Math.ceil(results["static"]!.duration_ms / 1000) + 1000;
    const result = { ...results["static"]!, duration_ms: seconds * 1000 + 0.7 };
    const { page } = await openPage(browser, renderHtmlReport(result));
    const whole = await page.locator(".toolbar .range").textContent();
    await page.evaluate(`location.hash = "#from=${seconds - 100}&to=${seconds}.001"`);
    await until(page, `document.querySelector(".toolbar .range").textContent !== ${JSON.stringify(whole)}`);
    await page.evaluate(`location.hash = "#from=${seconds - 100}&to=${seconds}.002"`);
    await until(page, `document.querySelector(".toolbar .range").textContent === ${JSON.stringify(whole)}`);
    await page.close();
  });

  test("prints on white from a dark screen: every chart drawn, no controls", async () => {
    const { page, complaints } = await openPage(browser, renderHtmlReport(results["agg"]!), { dark: true });
    await page.evaluate(`addEventListener("beforeprint", () => {
      const charts = [...document.querySelectorAll('.chart[data-empty="false"]:not(.marks)')];
      document.body.dataset.printed = JSON.stringify({
        theme: document.documentElement.dataset.theme,
        scales: charts.map((chart) => chart.querySelector("canvas").width / devicePixelRatio),
        undrawn: charts.filter((chart) => chart.querySelector("canvas") === null).length,
        paper: [...document.querySelector("#chart-ttft canvas").getContext("2d").getImageData(2, 2, 1, 1).data],
      });
    })`);
    const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
    const pages = pdf.match(/\/Type\s*\/Page\b/g)!.length;
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(10);
    const printed = JSON.parse((await page.locator("body").getAttribute("data-printed"))!);
    expect(printed).toMatchObject({ theme: "light", undrawn: 0, paper: [255, 255, 255, 255] });
    // Drawn for the paper, not shrunk onto it.
    expect(new Set(printed.scales)).toEqual(new Set([512, 700]));
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    const widths = `[document.querySelector("#chart-ttft canvas").clientWidth, document.querySelector("#chart-ttft .plot").clientWidth]`;
    const [canvas, host] = await page.evaluate<number[]>(widths);
    expect(canvas).toBe(host);
    await page.emulateMedia({ media: "print" });
    for (const at of [".toolbar", ".page-actions", "#chart-ttft .actions"]) {
      expect(await page.locator(at).isVisible(), at).toBe(false);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("everything is reached by the Tab key, and what has the focus shows it", async () => {
    const { page } = await openPage(browser, renderHtmlReport(results["agg"]!));
    const reached = new Set<string>();
    for (let presses = 0; presses < 200; presses++) {
      await page.keyboard.press("Tab");
      const [name, outline] = (await page.evaluate(`(() => {
        const at = document.activeElement;
        const label = at.getAttribute("aria-label") ?? at.textContent;
        return [label.trim().replace(/\\s+/g, " "), getComputedStyle(at).outlineStyle + getComputedStyle(at).boxShadow];
      })()`)) as [string, string];
      if (await page.evaluate("document.activeElement === document.body")) break;
      expect(outline, name).not.toBe("nonenone");
      reached.add(name);
    }
    for (const name of ["Switch between light and dark", "Print this page", "Zoom all charts to this stretch"])
      expect([...reached]).toContain(name);
    const all = [...reached].join("\n");
    expect(all).toMatch(/Save “TTFT observed” as a picture/);
    expect(all).toMatch(/Save the data of “Batch use”/);
    expect(all).toMatch(/\d+ defaults/);
    expect(all).toMatch(/Latency/);
    await page.close();
  });

  test("names from files stay text", async () => {
    const hostile = `</script><script>document.title="taken"</script><img src=x onerror=alert(1)>"'\u2028\u2029🛰 ${"{{}}"}`;
    const base = results["agg"]!;
    const result: RunResult = {
      ...base,
      trace: { ...base.trace, name: `${hostile}.jsonl`, notes: [hostile] },
      warnings: [hostile],
      config: { ...base.config, [`planner.${hostile}`]: { value: hostile, from: "given", note: hostile } },
      scaling_events: base.scaling_events.map((event) => ({ ...event, reason: hostile })),
      planner: {
        policy: hostile,
        ticks: base.planner!.ticks.map((tick) => ({ ...tick, reason: hostile, record: { [hostile]: hostile } })),
      },
    };
    const { page, complaints, requests } = await openPage(browser, renderHtmlReport(result));
    expect(await page.title()).not.toBe("taken");
    expect(await page.locator("script").count()).toBe(2);
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.locator(".warnings li").first().textContent()).toBe(hostile);
    await page.locator("#chart-events .mark").first().click();
    expect(await page.locator("#decision-panel").textContent()).toContain(hostile);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    await page.close();
  });

  test.each([360, 1920])("fits a screen %i pixels wide", async (width) => {
    const { page, complaints } = await openPage(browser, renderHtmlReport(results["disagg"]!), { width });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    for (const [chart, ink] of Object.entries(await inkOfCharts(page))) expect(ink, chart).toBeGreaterThan(100);
    await page.locator("#chart-events .mark").first().click();
    const panel = (await page.locator("#decision-panel").boundingBox())!;
    expect(panel.x).toBeGreaterThanOrEqual(0);
    expect(panel.x + panel.width).toBeLessThanOrEqual(width);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("runs are laid over each other", async () => {
    const runs = ["agg", "disagg", "static"].map((label) => ({ label, result: results[label]! }));
    const { page, complaints, requests } = await openPage(browser, renderComparePage(runs));
    for (const [chart, ink] of Object.entries(await inkOfCharts(page))) expect(ink, chart).toBeGreaterThan(150);
    const table = await page.locator(".compare-table").first().innerText();
    for (const { result } of runs) expect(table).toContain(String(Number(result.gpu_hours.toPrecision(3))));
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    await page.close();
  });

  test("two runs and their differences fit on a telephone", async () => {
    const runs = ["agg", "disagg"].map((label) => ({ label, result: results[label]! }));
    const { page } = await openPage(browser, renderComparePage(runs), { width: 390 });
    const ends = await page.evaluate<number[]>(
      `[...document.querySelectorAll(".compare-table .difference")].filter((one) => one.offsetParent !== null && one.textContent !== "").map((one) => one.getBoundingClientRect().right)`,
    );
    expect(ends.length).toBeGreaterThan(15);
    expect(Math.max(...ends)).toBeLessThanOrEqual(390);
    await page.close();
  });

  test("what disrupted the runs is told side by side, and leads to its moment", async () => {
    const runs = ["static", "disrupted", "disrupted"].map((label, i) => ({
      label: `${label} <${i}>`,
      result: results[label]!,
    }));
    const { page, complaints } = await openPage(browser, renderComparePage(runs));
    const { timed_out_requests: timedOut, worker_failures: failures } = results["disrupted"]!.disruptions!;
    expect(failures.map(({ state }) => state)).toEqual(["active", "absent"]);
    const rows = (await page.locator(".compare-table").first().innerText()).split("\n");
    expect(rows.find((row) => row.startsWith("timed out"))?.split("\t")).toEqual([
      "timed out",
      "–",
      String(timedOut),
      String(timedOut),
    ]);
    expect(rows.find((row) => row.startsWith("workers failed"))?.split("\t")).toEqual([
      "workers failed",
      "–",
      "1",
      "1",
    ]);
    const told = page.locator(".disruptions");
    expect(await told.locator("h3").allInnerTexts()).toEqual(["disrupted <1>", "disrupted <2>"]);
    const lines = await told.locator("ul").last().innerText();
    expect(lines).toContain(`${timedOut} requests timed out`);
    expect(lines).toContain("1 worker failed: 0:05:00 (worker 0, ");
    const whole = await page.locator(".toolbar .range").textContent();
    await told.locator("button").first().click();
    expect(await page.locator(".toolbar .range").textContent()).not.toBe(whole);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
    const calm = await openPage(browser, renderComparePage(runs.slice(0, 1).concat(runs[0]!)));
    expect(await calm.page.locator(".disruptions").count()).toBe(0);
    expect(await calm.page.locator(".compare-table").first().innerText()).not.toContain("Disruptions");
    await calm.page.close();
  });

  test("long names of runs push nothing out of sight", async () => {
    const names = ["short", `run_of_a_trace_${"with_a_long_name_".repeat(8)}`, `x${"y".repeat(140)}`, "last"];
    const runs = names.map((label) => ({ label, result: results["static"]! }));
    for (const width of [360, 1280]) {
      const { page } = await openPage(browser, renderComparePage(runs), { width });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      const scrolled = `document.querySelector(".scroll").scrollWidth / document.querySelector(".scroll").clientWidth`;
      expect(await page.evaluate<number>(scrolled)).toBeLessThanOrEqual(width === 360 ? 3 : 1);
      expect(await page.locator(".run-names").innerText()).toContain(names[2]!);
      await page.close();
    }
  });

  test("a result of format version 1 still draws", async () => {
    const result = readResult(join(import.meta.dirname, "fixtures/result-v1.json"));
    expect(result.schema_version).toBe(1);
    const { page, complaints } = await openPage(browser, renderHtmlReport(result));
    expect(Object.keys(await inkOfCharts(page)).length).toBeGreaterThan(10);
    expect(await page.locator("body").innerText()).toContain(`GPU hours: ${result.gpu_hours}`);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
