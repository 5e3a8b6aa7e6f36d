import { button, download, element, fileName } from "../../report/page/dom.ts";
import { color } from "../../report/page/theme.ts";
import { svg } from "./svg.ts";

/** What the page's style sheet decides of a shape; a picture on its own has to carry it. */
const carried =
  "fill fill-opacity stroke stroke-width stroke-dasharray stroke-linecap stroke-opacity opacity font-family font-size font-weight".split(
    " ",
  );
const margin = 12;

/**
 * A button that saves the picture of a figure, with its title and legend, as a file for papers and slides.
 * @param subject what the file is called, with the title
 */
export function saveSvgButton(title: string, subject: string, figure: () => Element): HTMLElement {
  const save = () => {
    const text = new XMLSerializer().serializeToString(standalone(title, figure()));
    download(`${fileName(`${title} ${subject}`)}.svg`, new Blob([text], { type: "image/svg+xml" }));
  };
  return element("span", { class: "save", children: [button("SVG", `Save “${title}” as a picture`, save)] });
}

function standalone(title: string, figure: Element): SVGSVGElement {
  const picture = figure.querySelector<SVGSVGElement>(":scope > svg")!;
  const { width, height } = picture.viewBox.baseVal;
  const box = picture.getBoundingClientRect();
  const scale = width / box.width;
  const legend = [...figure.querySelectorAll<HTMLElement>(".sweep-legend > span")];
  const top = legend[0]?.getBoundingClientRect().top ?? box.top;
  const head = 26 + (box.top - top) * scale;
  const family = getComputedStyle(document.body).fontFamily;
  const whole = [Math.max(width, titleWidth(title, family)) + 2 * margin, height + head + 2 * margin] as const;
  const root = svg("svg", { viewBox: `0 0 ${whole[0]} ${whole[1]}`, width: whole[0], height: whole[1] });
  root.append(svg("rect", { width: whole[0], height: whole[1], fill: color("surface") }));
  const heading = { x: margin, y: margin + 14, "font-family": family, "font-size": 14, "font-weight": 600 };
  root.append(svg("text", { ...heading, fill: color("ink") }, [title]));
  for (const entry of legend) {
    const place = entry.getBoundingClientRect();
    const left = margin + (place.left - box.left) * scale;
    const middle = margin + 26 + (place.top + place.height / 2 - top) * scale;
    const swatch = entry.querySelector("svg")!;
    const look = svg("g", { transform: `translate(${left.toFixed(1)} ${(middle - 5).toFixed(1)})` });
    look.append(...[...swatch.children].map((shape) => styledCopy(shape)));
    const words = { x: left + swatch.clientWidth + 5, y: middle + 4, "font-family": family, "font-size": 12 };
    root.append(look, svg("text", { ...words, fill: color("muted") }, [entry.textContent]));
  }
  const drawn = svg("g", { transform: `translate(${margin} ${(margin + head).toFixed(1)})` });
  drawn.append(...[...picture.children].map((shape) => styledCopy(shape)));
  root.append(drawn);
  return root;
}

function titleWidth(title: string, family: string): number {
  const context = document.createElement("canvas").getContext("2d")!;
  context.font = `600 14px ${family}`;
  return Math.ceil(context.measureText(title).width);
}

/** A copy that looks the same without the page; links lead nowhere outside of it and are left out. */
function styledCopy(shape: Element): Element {
  const copy = shape.cloneNode(false) as Element;
  const result = copy.localName === "a" ? svg("g") : copy;
  for (const name of ["class", "style"]) result.removeAttribute(name);
  if (result.localName !== "title") {
    const style = getComputedStyle(shape);
    for (const name of carried) result.setAttribute(name, style.getPropertyValue(name));
  }
  for (const child of shape.childNodes) {
    result.append(child instanceof Element ? styledCopy(child) : child.cloneNode());
  }
  return result;
}
