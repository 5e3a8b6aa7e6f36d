const namespace = "http://www.w3.org/2000/svg";

/**
 * Width of a chart drawn at its own size, so that its text is as large as the text around it: what the page's grid of
 * cards leaves to each.
 * @param least least width of a card, px, as in the style sheet
 * @param gap between cards, px
 */
export function cardWidth(least: number, gap: number): number {
  const content = Math.min(innerWidth, 1680) - (innerWidth > 860 ? 56 : 32);
  const columns = Math.max(1, Math.floor((content + gap) / (least + gap)));
  const padding = 30;
  return Math.round(Math.max(250, Math.min(720, (content - gap * (columns - 1)) / columns - padding)));
}

/** Creates an SVG element; numbers are written with a tenth of a pixel. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>> = {},
  children: readonly (Node | string)[] = [],
): SVGElementTagNameMap[Tag] {
  const node = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, typeof value === "number" ? String(Math.round(value * 10) / 10) : value);
  }
  node.append(...children);
  return node;
}
