import type { TracePriorities } from "./trace.ts";

/** Collects the priorities of the rows that give one. */
export class PriorityBuilder {
  readonly #given = new Map<
    number,
    { readonly boost: number; readonly strict: number; readonly name: string | null }
  >();

  /** @param policyClass null = the row names none */
  set(row: number, boostSeconds: number, strict: number, policyClass: string | null): void {
    this.#given.set(row, { boost: boostSeconds, strict, name: policyClass });
  }

  finish(count: number): TracePriorities {
    const boostSeconds = new Float64Array(count);
    const strict = new Int32Array(count);
    const classOf = new Int32Array(count).fill(-1);
    const numbers = new Map<string, number>();
    for (const [row, { boost, strict: level, name }] of this.#given) {
      boostSeconds[row] = boost;
      strict[row] = level;
      if (name === null) continue;
      if (!numbers.has(name)) numbers.set(name, numbers.size);
      classOf[row] = numbers.get(name)!;
    }
    return {
      boostSeconds,
      strict,
      ...(numbers.size === 0 ? {} : { policyClasses: { names: [...numbers.keys()], classOf } }),
    };
  }
}
