/** Colours by role; the style sheet holds their values for light, dark and print. */
export type ColorRole =
  | "ink"
  | "muted"
  | "rule"
  | "grid"
  | "surface"
  | "blue"
  | "orange"
  | "green"
  | "red"
  | "sky"
  | "purple"
  | "grey"
  | "yellow";

const cache = new Map<string, string>();

/** The present value of a colour, with an opacity. */
export function color(role: ColorRole, opacity = 1): string {
  const key = `${role} ${opacity}`;
  let value = cache.get(key);
  if (value === undefined) {
    const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();
    value =
      opacity === 1
        ? hex
        : `${hex}${Math.round(opacity * 255)
            .toString(16)
            .padStart(2, "0")}`;
    cache.set(key, value);
  }
  return value;
}

const listeners: (() => void)[] = [];

/** Calls back when colours have changed and pictures must be drawn again. */
export function onThemeChange(listener: () => void): void {
  listeners.push(listener);
}

function changed(): void {
  cache.clear();
  for (const listener of listeners) listener();
}

/** Follows the system's preference until the reader chooses; printing is always light. */
export function setUpTheme(): { readonly toggle: () => void } {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen: "light" | "dark" | null = null;
  const apply = (theme: "light" | "dark") => {
    document.documentElement.dataset["theme"] = theme;
    changed();
  };
  const current = () => chosen ?? (dark.matches ? "dark" : "light");
  apply(current());
  dark.addEventListener("change", () => apply(current()));
  addEventListener("beforeprint", () => apply("light"));
  addEventListener("afterprint", () => apply(current()));
  return {
    toggle: () => {
      chosen = current() === "dark" ? "light" : "dark";
      apply(chosen);
    },
  };
}
