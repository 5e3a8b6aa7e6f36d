const namespace = "http://www.w3.org/2000/svg";

/**
 * Width of a chart in one of the columns of a grid of cards, px.
 * @param room of the grid
 * @param gap between cards
 */
export function cardWidth(room: number, columns: number, gap: number): number {
  const padding = 30;
  return Math.round(Math.max(250, Math.min(720, (room - gap * (columns - 1)) / columns - padding)));
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
