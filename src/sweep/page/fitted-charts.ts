import { cardWidth } from "./svg.ts";

/** What a sheet of A4 leaves between the margins of the style sheet, px. */
const paperWidth = 700;

/**
 * Fills a grid with charts drawn at their own size, so that their text is as large as the text around it: again when the
 * window gets another width, and for paper.
 * @param least least width of a card, px, as in the style sheet
 * @param gap between cards, px
 * @param draw makes the content of the grid from the width its charts have
 */
export function fittedCharts(
  grid: HTMLElement,
  { least, gap }: { readonly least: number; readonly gap: number },
  draw: (width: number) => readonly HTMLElement[],
): HTMLElement {
  let drawn = 0;
  const fit = (width: number) => {
    if (width === drawn) return;
    drawn = width;
    grid.replaceChildren(...draw(width));
  };
  const onScreen = () => {
    const room = Math.min(innerWidth, 1680) - (innerWidth > 860 ? 56 : 32);
    fit(cardWidth(room, Math.max(1, Math.floor((room + gap) / (least + gap))), gap));
  };
  onScreen();
  let asked = false;
  addEventListener("resize", () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      if (!matchMedia("print").matches) onScreen();
    });
  });
  addEventListener("beforeprint", () => fit(cardWidth(paperWidth, 2, gap)));
  addEventListener("afterprint", onScreen);
  return grid;
}
