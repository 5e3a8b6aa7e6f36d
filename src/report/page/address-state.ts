/**
 * What the reader has chosen, kept behind the # of the page's address: going back to the page finds it again, and the
 * address can be sent on. Names stand there as `name=value`, those without a value alone.
 */

/** Choices by name; null takes one back. */
export type Choices = Readonly<Record<string, string | null>>;

let choices = new URLSearchParams(location.hash.slice(1));
const listeners: (() => void)[] = [];
addEventListener("hashchange", () => {
  choices = new URLSearchParams(location.hash.slice(1));
  for (const listener of listeners) listener();
});

/** The choice of a name, empty for one without a value; null = none. */
export function chosen(name: string): string | null {
  return choices.get(name);
}

/** Writes choices into the address, beside what others have there; there is no further entry to go back to. */
export function choose(changes: Choices): void {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) choices.delete(name);
    else choices.set(name, value);
  }
  const parts = [...choices].map((pair) =>
    pair
      .filter((part) => part !== "")
      .map(encodeURIComponent)
      .join("="),
  );
  const hash = parts.length === 0 ? "" : `#${parts.join("&")}`;
  if (hash === location.hash) return;
  try {
    history.replaceState(history.state, "", hash === "" ? location.pathname + location.search : hash);
  } catch {
    // A page shown inside another one may have no address of its own; its choices hold without it.
  }
}

/** Calls back when the reader has changed the address. */
export function onAddressChange(listener: () => void): void {
  listeners.push(listener);
}
