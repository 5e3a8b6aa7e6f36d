import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/** Why browser tests cannot run here; null when they can. */
export const browserMissing = existsSync(executablePath)
  ? null
  : `needs Chromium at ${executablePath}; CHROMIUM_PATH names another place`;

/** One browser for all tests of a file. */
export function launchBrowser(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
  return chromium.launch({ executablePath, args });
}

/** A page in a browser and what went wrong in it so far. */
export interface OpenedPage {
  readonly page: Page;
  /** Console messages of any kind and uncaught errors. */
  readonly complaints: string[];
  /** Everything it asked for beside itself. */
  readonly requests: string[];
}

interface View {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** Writes a page into a file and opens that, as a reader would. */
export function openPage(browser: Browser, html: string, view: View = {}): Promise<OpenedPage> {
  const path = join(mkdtempSync(join(tmpdir(), "windtunnel-page-")), "report.html");
  writeFileSync(path, html);
  return openFile(browser, path, view);
}

/** Opens a page that lies in a file. */
export async function openFile(
  browser: Browser,
  path: string,
  { width = 1280, height = 900, dark = false }: View = {},
): Promise<OpenedPage> {
  const address = pathToFileURL(path).href;
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    acceptDownloads: true,
  });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address && !request.url().startsWith("data:")) requests.push(request.url());
  });
  await page.goto(address);
  // Charts are drawn once they have been laid out.
  await until(
    page,
    `[...document.querySelectorAll('.chart[data-empty="false"]:not(.marks)')].every((chart) => chart.querySelector("canvas"))`,
  );
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  return { page, complaints, requests };
}

/**
 * Waits until an expression is true in the page. (The page's own rules forbid what Playwright's waitForFunction does.)
 * @throws Error after ten seconds
 */
export async function until(page: Page, expression: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(50);
  }
  throw new Error(`never became true: ${expression}`);
}

/** How many pixels each drawn chart has inside its plot that are neither background nor grid, by chart. */
export function inkOfCharts(page: Page): Promise<Record<string, number>> {
  return page.evaluate(`(() => {
    const probe = document.createElement("canvas").getContext("2d");
    const rgb = (name) => {
      probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const hex = probe.fillStyle;
      return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    };
    const plain = [rgb("--surface"), rgb("--grid")];
    const ink = {};
    for (const chart of document.querySelectorAll('.chart[data-empty="false"]:not(.marks)')) {
      const canvas = chart.querySelector("canvas");
      const over = chart.querySelector(".u-over");
      const scale = canvas.width / canvas.clientWidth;
      const [left, top, width, height] = [over.offsetLeft, over.offsetTop, over.clientWidth, over.clientHeight].map((n) => Math.round(n * scale));
      const { data } = canvas.getContext("2d").getImageData(left, top, width, height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        const known = plain.some((color) => color.every((part, k) => Math.abs(part - data[i + k]) < 14));
        if (!known) count++;
      }
      ink[chart.dataset.chart] = count;
    }
    return ink;
  })()`);
}

/** Why each empty panel is empty, by chart. */
export function emptyCharts(page: Page): Promise<Record<string, string>> {
  return page.evaluate(
    `Object.fromEntries([...document.querySelectorAll('.chart[data-empty="true"]')].map((chart) => [chart.dataset.chart, chart.querySelector(".plot").textContent]))`,
  );
}

/** Drags across a chart's plot, from one share of its width to another. */
export async function dragAcross(page: Page, chart: string, from: number, to: number): Promise<void> {
  const over = page.locator(`#chart-${chart} .u-over`);
  await over.scrollIntoViewIfNeeded();
  const box = (await over.boundingBox())!;
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
  await page.mouse.up();
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}

/** What every drawn chart looks like, to tell whether it changed. */
export function pictures(page: Page): Promise<Record<string, string>> {
  return page.evaluate(
    `Object.fromEntries([...document.querySelectorAll('.chart[data-empty="false"]:not(.marks)')].map((chart) => [chart.dataset.chart, chart.querySelector("canvas").toDataURL()]))`,
  );
}
