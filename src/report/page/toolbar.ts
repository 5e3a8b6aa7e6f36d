import { button, element } from "./dom.ts";
import { clock, duration } from "./format.ts";
import type { TimeRange } from "./time-range.ts";

/** The bar that stays in sight over the time charts, and their keys. */
export function timeToolbar(
  range: TimeRange,
  stepDecision: ((by: 1 | -1) => void) | null,
): { readonly node: HTMLElement; readonly showCursor: (seconds: number | null) => void } {
  const shown = element("output", { class: "range", attributes: { "aria-live": "polite" } });
  const cursor = element("span", { class: "cursor-time" });
  const minimap = element("i", { class: "window" });
  const track = element("div", { class: "minimap", attributes: { "aria-hidden": "true" }, children: [minimap] });
  const reset = button("Whole run", "Show the whole run (0)", () => range.reset());
  const write = () => {
    const { from, to } = range.current;
    const step = (to - from) / 100;
    shown.textContent = `${clock(from, step)} – ${clock(to, step)} (${duration(to - from)})`;
    reset.disabled = range.isWhole;
    minimap.style.left = `${(from / range.whole.to) * 100}%`;
    minimap.style.width = `${((to - from) / range.whole.to) * 100}%`;
  };
  range.onChange(write);
  write();
  const node = element("div", {
    class: "toolbar",
    attributes: { role: "toolbar", "aria-label": "Time range of all charts" },
    children: [
      shown,
      track,
      cursor,
      element("span", {
        class: "buttons",
        children: [
          button("−", "Zoom out (−)", () => range.zoom(2)),
          button("+", "Zoom in (+)", () => range.zoom(0.5)),
          button("◂", "Earlier (left arrow)", () => range.pan(-0.25)),
          button("▸", "Later (right arrow)", () => range.pan(0.25)),
          reset,
          ...(stepDecision === null
            ? []
            : [
                button("‹ event", "Previous scaling event ([)", () => stepDecision(-1)),
                button("event ›", "Next scaling event (])", () => stepDecision(1)),
              ]),
        ],
      }),
    ],
  });
  return {
    node,
    showCursor: (seconds) => {
      const step = (range.current.to - range.current.from) / 500;
      cursor.textContent = seconds === null ? "" : `at ${clock(seconds, step)}`;
    },
  };
}

/** Keys of the time charts, wherever the focus is in the page's charts. */
export function timeKeys(area: HTMLElement, range: TimeRange, stepDecision: ((by: 1 | -1) => void) | null): void {
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => range.pan(-0.25),
    ArrowRight: () => range.pan(0.25),
    "+": () => range.zoom(0.5),
    "=": () => range.zoom(0.5),
    "-": () => range.zoom(2),
    "0": () => range.reset(),
    "[": () => stepDecision?.(-1),
    "]": () => stepDecision?.(1),
  };
  area.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

/** Wheel with Ctrl or Shift, and two fingers sideways, move and scale time. */
export function timeWheel(area: HTMLElement, range: TimeRange, momentAt: (clientX: number) => number | null): void {
  area.addEventListener(
    "wheel",
    (event) => {
      const moment = momentAt(event.clientX);
      if (moment === null) return;
      if (event.ctrlKey) {
        event.preventDefault();
        range.zoom(Math.exp(Math.max(-50, Math.min(50, event.deltaY)) / 100), moment);
        return;
      }
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
      event.preventDefault();
      range.pan(sideways / 800);
    },
    { passive: false },
  );
}
