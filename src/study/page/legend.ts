import { choose, chosen } from "../../report/page/address-state.ts";
import { element } from "../../report/page/dom.ts";
import type { ColorRole } from "../../report/page/theme.ts";

const colors: readonly ColorRole[] = ["blue", "orange", "purple", "red"];

/** Colour of a policy by its place; the number in its mark tells policies of one colour apart. */
export function colorOf(place: number): ColorRole {
  return colors[place % colors.length]!;
}

/** Numbers and names of the policies; pressing one keeps it and dims the others in every chart. */
export class Legend {
  readonly node: HTMLElement;
  private chosen: string | null = null;
  private readonly buttons: readonly HTMLElement[];

  constructor(
    private readonly names: readonly string[],
    settings: ReadonlyMap<string, string>,
  ) {
    this.buttons = names.map((name, place) =>
      element("button", {
        class: `study-entry c-${colorOf(place)}`,
        title: settings.get(name) ?? name,
        attributes: { type: "button", "aria-pressed": "false", "data-policy": name },
        children: [element("b", { text: String(place + 1) }), ` ${name}`],
        onClick: () => this.press(name),
      }),
    );
    this.node = element("div", {
      class: "study-legend",
      attributes: { role: "group", "aria-label": "Policies" },
      children: [...this.buttons],
    });
    this.follow();
  }

  /** Dims the marks of a chart that are not those of the chosen policy. */
  dimmed(chart: HTMLElement): HTMLElement {
    for (const mark of chart.querySelectorAll<SVGElement>("[data-mark]")) {
      mark.classList.toggle("dimmed", this.chosen !== null && mark.dataset["mark"] !== this.chosen);
    }
    return chart;
  }

  /** Chooses the policy the address names. */
  follow(): void {
    this.chosen = this.names.find((name) => name === chosen("policy")) ?? null;
    this.show();
  }

  private press(name: string): void {
    this.chosen = this.chosen === name ? null : name;
    choose({ policy: this.chosen });
    this.show();
  }

  private show(): void {
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.dataset["policy"] === this.chosen));
    }
    this.dimmed(document.body);
  }
}
