import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profilePage } from "../src/trace/inspect/profile-page.ts";
import { profileTrace } from "../src/trace/inspect/trace-profile.ts";
import { browserMissing, launchBrowser, openPage } from "./browser-page.ts";
import { accessibilityFaults } from "./page-accessibility.ts";
import { rushTrace } from "./page-runs.ts";

const title = `page of a trace's profile${browserMissing === null ? "" : ` (${browserMissing})`}`;
describe.skipIf(browserMissing !== null)(title, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  test.each([360, 1280])("fits a screen %i pixels wide, light and dark, its charts labelled", async (width) => {
    const trace = rushTrace();
    const blocks = { ...trace.blocks!, ids: trace.blocks!.ids.map((id) => id % 1000), distinct: 1000 };
    const profile = profileTrace({ ...trace, blocks });
    for (const dark of [false, true]) {
      const { page, complaints, requests } = await openPage(browser, profilePage(profile), { width, dark });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      expect(await accessibilityFaults(page)).toEqual([]);
      const [arrivals, cache] = await page.locator("figure").all();
      // Every minute is a step of the curve: its height is the count.
      const path = (await arrivals!.locator("path.line").getAttribute("d"))!;
      const heights = path
        .slice(1)
        .split("L")
        .map((point) => Number(point.split(" ")[1]));
      const most = Number((await arrivals!.locator(".y").allInnerTexts()).at(-1));
      const { perMinute } = profile.arrivals!;
      expect(heights.filter((_, k) => k % 2 === 0).map((y) => Math.round((1 - y / 1000) * most))).toEqual(perMinute);
      expect((await cache!.locator(".x").allInnerTexts())[0]).toBe("64");
      expect(await page.locator("dl").first().innerText()).toMatch(/Requests\s+1,500/);
      expect([complaints, requests]).toEqual([[], []]);
      await page.close();
    }
  });

  test("a trace of years is drawn by the day", async () => {
    const trace = rushTrace(4);
    const day = 86_400_000;
    const years = { ...trace, arrivalMs: Float64Array.of(0, 1, 3 * day, 2000 * day) };
    const html = profilePage(profileTrace(years));
    expect(html.length).toBeLessThan(200_000);
    const { page, complaints } = await openPage(browser, html);
    const arrivals = page.locator("figure").first();
    expect(await arrivals.locator("h2 span").innerText()).toBe("requests a day");
    expect(await arrivals.locator(".x-label").innerText()).toBe("days since the start");
    expect((await arrivals.locator(".x").allInnerTexts()).slice(0, 3)).toEqual(["0", "500", "1,000"]);
    const path = (await arrivals.locator("path.line").getAttribute("d"))!;
    const heights = path.split("L").map((point) => Number(point.split(" ")[1]));
    expect([0, 2, 6].map((k) => heights[k])).toEqual([0, 1000, 500]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("prompts shorter than a block have no rate of whole blocks", async () => {
    const trace = rushTrace(4);
    const blocks = {
      ...trace.blocks!,
      ids: Int32Array.of(1, 1, 1, 1),
      offsets: Float64Array.of(0, 1, 2, 3, 4),
      distinct: 1,
    };
    const short = profileTrace({ ...trace, blocks, inputLength: Int32Array.of(9, 9, 9, 9) });
    expect(short.sharing).toMatchObject({ infiniteHitRate: 0.75, infiniteHitRateWholeBlocks: null });
    expect(profilePage(short)).toContain("<dd>75.0 % of all blocks</dd>");
    const longer = profileTrace({ ...trace, blocks, inputLength: Int32Array.of(9, 9, 9, 600) });
    expect(longer.sharing!.infiniteHitRateWholeBlocks).toBe(1);
  });

  test("names stay text, and a trace without times or blocks says so", async () => {
    const hostile = `</h1><script>document.title="taken"</script><img src=x onerror=alert(1)>"'.jsonl`;
    const trace = { ...rushTrace(), name: `folder/${hostile}`, notes: [hostile], blocks: null };
    const timeless = { ...trace, arrivalMs: new Float64Array(trace.count).fill(NaN) };
    const { page, complaints } = await openPage(browser, profilePage(profileTrace(timeless)));
    expect(await page.locator("h1").textContent()).toBe(hostile.slice(hostile.lastIndexOf("/") + 1));
    expect(await page.locator(".notes li").textContent()).toBe(hostile);
    expect(await page.locator("script, img, figure").count()).toBe(0);
    expect(await page.locator(".none").allInnerTexts()).toEqual([
      "No span of time is recorded (a closed loop needs none).",
      "None: no prompt has a block of another.",
    ]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
