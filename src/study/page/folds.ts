import { choose, chosen, onAddressChange } from "../../report/page/address-state.ts";
import { element } from "../../report/page/dom.ts";

/** A part of the page that unfolds. */
export interface Fold {
  readonly title: string;
  readonly content: HTMLElement;
}

/** Parts to unfold; the address keeps which of them are, as `#open=1,4`. Paper shows all of them. */
export function folds(parts: readonly Fold[]): HTMLElement[] {
  const nodes = parts.map(({ title, content }) =>
    element("details", { children: [element("summary", { text: title }), content] }),
  );
  const follow = () => {
    const open = new Set((chosen("open") ?? "").split(","));
    for (const [place, node] of nodes.entries()) node.open = open.has(String(place + 1));
  };
  for (const node of nodes) {
    // Unlike its change, which printing makes too, the press is the reader's. The fold follows it afterwards.
    node.querySelector("summary")!.addEventListener("click", () => {
      const open = nodes.flatMap((one, place) => (one.open !== (one === node) ? [place + 1] : []));
      choose({ open: open.length === 0 ? null : open.join(",") });
    });
  }
  onAddressChange(follow);
  follow();
  addEventListener("beforeprint", () => {
    for (const node of nodes) node.open = true;
  });
  addEventListener("afterprint", follow);
  return nodes;
}
