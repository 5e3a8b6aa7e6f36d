/**
 * Draws what is in sight at the next frame and the rest when the browser has time, so that a page with many long charts
 * opens and zooms at once.
 */
const pending = new Map<Element, () => void>();
const inSight = new Set<Element>();
let frameAsked = false;
let idleAsked = false;

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inSight.add(target);
      else inSight.delete(target);
    }
    drawInSight();
  },
  { rootMargin: "200px" },
);
// Paper shows everything, at once.
let printing = false;
addEventListener("afterprint", () => (printing = false));
addEventListener("beforeprint", () => {
  printing = true;
  for (const element of pending.keys()) run(element);
});

/** Follows whether an element is in sight. */
export function watch(element: Element): void {
  observer.observe(element);
}

/** Whether an element is in sight, or nearly. */
export function isInSight(element: Element): boolean {
  return inSight.has(element);
}

/** Does the work for an element soon; replaces work for it that is not done yet. */
export function drawSoon(element: Element, work: () => void): void {
  pending.set(element, work);
  if (printing) {
    run(element);
    return;
  }
  if (inSight.has(element)) askFrame();
  askIdle();
}

/** The same, unless other work for it is waiting. */
export function drawSoonUnlessWaiting(element: Element, work: () => void): void {
  if (!pending.has(element)) drawSoon(element, work);
}

function run(element: Element): void {
  const work = pending.get(element);
  pending.delete(element);
  work?.();
}

function drawInSight(): void {
  for (const element of inSight) if (pending.has(element)) run(element);
}

function askFrame(): void {
  if (frameAsked) return;
  frameAsked = true;
  requestAnimationFrame(() => {
    frameAsked = false;
    drawInSight();
  });
}

function askIdle(): void {
  if (idleAsked || pending.size === 0) return;
  idleAsked = true;
  requestIdleCallback(
    (deadline) => {
      idleAsked = false;
      for (const element of pending.keys()) {
        run(element);
        if (deadline.timeRemaining() < 5) break;
      }
      askIdle();
    },
    { timeout: 1000 },
  );
}
