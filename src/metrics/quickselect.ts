/**
 * Moves the value of 0-based rank `rank` within values[from..to) to its sorted place, nothing larger before it and
 * nothing smaller behind it, and returns it. For short slices of long columns: no copy, no comparator.
 */
export function quickselect(values: Float64Array, from: number, to: number, rank: number): number {
  const place = from + rank;
  let low = from;
  let high = to - 1;
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >>> 1]!, values[high]!);
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left <= right) {
        const swapped = values[left]!;
        values[left++] = values[right]!;
        values[right--] = swapped;
      }
    }
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else break;
  }
  return values[place]!;
}

function medianOfThree(a: number, b: number, c: number): number {
  return a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;
}
