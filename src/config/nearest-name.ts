/**
 * The known name most like a mistyped one, or null when none is near: case, `-` and `_` do not count, and at most a
 * third of the letters may differ; else the only one that begins so.
 */
export function nearestName(found: string, known: Iterable<string>): string | null {
  const wanted = plain(found);
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const candidate = plain(name);
    const distance = isPart(wanted, candidate) ? 1 : editDistance(wanted, candidate);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best ?? onlyBegunWith(wanted, [...known]);
}

/** The one name that begins so; null where none or several do. */
function onlyBegunWith(wanted: string, known: readonly string[]): string | null {
  const begun = wanted.length < 3 ? [] : known.filter((name) => plain(name).startsWith(wanted));
  return begun.length === 1 ? begun[0]! : null;
}

/** ` (did you mean "x"?)`, or nothing when no known name is near. */
export function suggestion(found: string, known: Iterable<string>): string {
  const nearest = nearestName(found, known);
  return nearest === null ? "" : ` (did you mean "${nearest}"?)`;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.\s]/g, "");
}

/** Whether one is a long enough piece of the other: "gpu_blocks" of "num_gpu_blocks". */
function isPart(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 6 && short.length < long.length && short.length * 2 >= long.length && long.includes(short);
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, beforeLast[j - 2]! + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
