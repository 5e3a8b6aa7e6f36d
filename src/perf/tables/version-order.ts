/** Order of release numbers, oldest first; a release candidate comes before its release, a post-release after it. */
export function compareVersions(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Numbers of a version; letters as −1 (a pre-release such as rc) or +0.5 (post). */
function partsOf(version: string): number[] {
  return (version.match(/\d+|[a-z]+/gi) ?? []).map((part) => {
    if (/^\d+$/.test(part)) return Number(part);
    return part.toLowerCase() === "post" ? 0.5 : -1;
  });
}
