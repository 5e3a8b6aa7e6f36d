import type { TraceProfile } from "./trace-profile.ts";
import { profileText } from "./profile-text.ts";

const width = 640;
const height = 220;
const margin = 44;

/** A self-contained page of a trace's profile: its figures, arrivals by minute, and the LRU hit-rate curve. */
export function profilePage(profile: TraceProfile): string {
  const { arrivals, sharing } = profile;
  const charts: string[] = [];
  if (arrivals !== null && arrivals.perMinute.length > 1) {
    const points = arrivals.perMinute.map((count, minute): Point => [minute, count]);
    charts.push(chart("Arrivals by minute", points, "minute", "requests"));
  }
  if (sharing !== null && sharing.lru.length > 1) {
    const points = sharing.lru.map(({ blocks, hitRate }): Point => [Math.log2(blocks), hitRate * 100]);
    charts.push(chart("Hit rate of an LRU cache by size", points, "log2 of blocks", "% of look-ups"));
  }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(profile.name)}</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:${width + 2 * margin}px;padding:0 1rem;color:#1a2733;background:#fff}
pre{overflow-x:auto;background:#f4f6f8;padding:1rem;border-radius:6px}
svg{width:100%;height:auto}text{font:12px system-ui,sans-serif;fill:#51606e}
.line{fill:none;stroke:#1f6feb;stroke-width:2}.axis{stroke:#c3ccd5}
</style></head><body>
<h1>${escaped(profile.name)}</h1>
${charts.join("\n")}
<pre>${escaped(profileText(profile))}</pre>
</body></html>
`;
}

type Point = readonly [number, number];

function chart(title: string, points: readonly Point[], xLabel: string, yLabel: string): string {
  const xs = points.map(([x]) => x);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const top = Math.max(...points.map(([, y]) => y)) || 1;
  const px = (x: number) => margin + ((x - left) / (right - left || 1)) * width;
  const py = (y: number) => margin + (1 - y / top) * height;
  const path = points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(" ");
  const bottom = py(0);
  return `<h2>${title}</h2>
<svg viewBox="0 0 ${width + 2 * margin} ${height + 2 * margin}" role="img" aria-label="${title}">
<line class="axis" x1="${margin}" y1="${bottom}" x2="${margin + width}" y2="${bottom}"/>
<polyline class="line" points="${path}"/>
<text x="${margin}" y="${bottom + 18}">${rounded(left)}</text>
<text x="${margin + width}" y="${bottom + 18}" text-anchor="end">${rounded(right)}</text>
<text x="${margin + width / 2}" y="${bottom + 34}" text-anchor="middle">${xLabel}</text>
<text x="${margin - 6}" y="${margin + 4}" text-anchor="end">${rounded(top)}</text>
<text x="${margin - 6}" y="${bottom}" text-anchor="end">0</text>
<text x="${margin}" y="${margin - 12}">${yLabel}</text>
</svg>`;
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
