import type { Page } from "playwright-core";

/**
 * What keeps readers with poor sight or a screen reader from a page: text under a contrast of 4.5 (WCAG 2 AA), controls
 * and tables without a name, header cells that do not say what they head, skipped levels of headings. Disabled controls
 * and what only shows under the pointer are left out.
 */
export function accessibilityFaults(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const faults = new Set();
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (text) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const over = (top, below) => below.map((value, i) => top[i] * top[3] + value * (1 - top[3]));
    const luminance = (color) => {
      const [r, g, b] = color.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    for (const node of document.querySelectorAll("#page *, .plain-figures *")) {
      const written = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== "");
      if (!written || node.getClientRects().length === 0 || node.closest(":disabled, .actions, title, .study-mark.front")) continue;
      let behind = [255, 255, 255];
      let opacity = 1;
      const above = [];
      for (let one = node; one !== null; one = one.parentElement) above.unshift(getComputedStyle(one));
      for (const style of above) {
        behind = over(rgba(style.backgroundColor), behind);
        opacity *= Number(style.opacity);
      }
      const style = getComputedStyle(node);
      const [r, g, b, a] = rgba(node.namespaceURI.endsWith("svg") ? style.fill : style.color);
      const [light, dark] = [luminance(over([r, g, b, a * opacity], behind)), luminance(behind)].toSorted((x, y) => y - x);
      const contrast = (light + 0.05) / (dark + 0.05);
      if (contrast < 4.5) faults.add("contrast " + contrast.toFixed(2) + ": " + node.textContent.slice(0, 40));
    }
    for (const control of document.querySelectorAll("button, a[href]:not(svg a)")) {
      if ((control.getAttribute("aria-label") ?? control.textContent).trim() === "") faults.add("no name: " + control.outerHTML);
    }
    for (const table of document.querySelectorAll("table")) {
      if (!table.hasAttribute("aria-label")) faults.add("table without a name: " + table.className);
      for (const head of table.querySelectorAll("th")) {
        if (!head.hasAttribute("scope")) faults.add("header without scope: " + head.textContent);
      }
    }
    let level = 0;
    for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
      const own = Number(heading.tagName[1]);
      if (own > level + 1) faults.add("skipped level: " + heading.textContent);
      level = own;
    }
    if (document.querySelectorAll("main").length !== 1) faults.add("not one main part");
    return [...faults];
  })()`);
}
