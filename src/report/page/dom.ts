/** What an element is made with; text goes in as text only, never as markup. */
export interface ElementOptions {
  readonly class?: string;
  readonly text?: string;
  readonly id?: string;
  readonly title?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: (event: MouseEvent) => void;
  readonly children?: readonly (Node | string | null)[];
}

/** Creates an element. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: ElementOptions = {},
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  if (options.class !== undefined) node.className = options.class;
  if (options.id !== undefined) node.id = options.id;
  if (options.title !== undefined) node.title = options.title;
  if (options.text !== undefined) node.textContent = options.text;
  for (const [name, value] of Object.entries(options.attributes ?? {})) node.setAttribute(name, value);
  if (options.onClick !== undefined) node.addEventListener("click", options.onClick as (event: Event) => void);
  for (const child of options.children ?? []) if (child !== null) node.append(child);
  return node;
}

/** A name that may go on in a new line behind its dots and underscores. */
export function breakable(name: string): (Node | string)[] {
  return name.split(/(?<=[._])(?=.)/).flatMap((part, place) => (place === 0 ? [part] : [element("wbr"), part]));
}

/** A small button with a label for screen readers. */
export function button(text: string, label: string, onClick: (event: MouseEvent) => void): HTMLButtonElement {
  return element("button", { text, title: label, attributes: { type: "button", "aria-label": label }, onClick });
}

/** Offers bytes as a download. */
export function download(name: string, content: Blob): void {
  const link = element("a", { attributes: { download: name } });
  link.href = URL.createObjectURL(content);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** A name as part of a file name. */
export function fileName(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}.-]+/gu, "-").replaceAll(/^-+|-+$/g, "") || "report";
}
