/**
 * Minimum of a function by the downhill simplex method (Nelder and Mead, 1965), deterministic.
 * @param start first vertex; the others lie `steps` away along each axis
 * @param evaluations most evaluations of the function
 */
export function simplexMinimum(
  of: (point: readonly number[]) => number,
  start: readonly number[],
  steps: readonly number[],
  evaluations: number,
): { point: number[]; value: number } {
  const size = start.length;
  let left = evaluations;
  const evaluate = (point: number[]) => {
    left--;
    return { point, value: of(point) };
  };
  const vertices = [evaluate([...start])];
  for (let axis = 0; axis < size; axis++)
    vertices.push(evaluate(start.map((x, i) => (i === axis ? x + steps[i]! : x))));
  const budgetLeft = () => left > 0;
  while (budgetLeft()) {
    vertices.sort((a, b) => a.value - b.value);
    const worst = vertices[size]!;
    const centre = start.map((_, i) => vertices.slice(0, size).reduce((sum, { point }) => sum + point[i]!, 0) / size);
    const along = (share: number) => evaluate(centre.map((x, i) => x + share * (worst.point[i]! - x)));
    const reflected = along(-1);
    if (reflected.value < vertices[0]!.value) {
      const further = along(-2);
      vertices[size] = further.value < reflected.value ? further : reflected;
    } else if (reflected.value < vertices[size - 1]!.value) {
      vertices[size] = reflected;
    } else {
      const inner = along(reflected.value < worst.value ? -0.5 : 0.5);
      if (inner.value < Math.min(worst.value, reflected.value)) vertices[size] = inner;
      else {
        const best = vertices[0]!.point;
        for (let i = 1; i <= size; i++) vertices[i] = evaluate(vertices[i]!.point.map((x, j) => (x + best[j]!) / 2));
      }
    }
  }
  return vertices.reduce((best, vertex) => (vertex.value < best.value ? vertex : best));
}
