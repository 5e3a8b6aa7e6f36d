import { ConfigError, ProblemList } from "../config/config-error.ts";
import { statOrNull } from "../config/document.ts";
import { AxisError } from "../sweep/axis.ts";

/** Reads what a command line gives one by one (options, files), and tells what is wrong with it together. */
export class OptionReader {
  readonly #problems = new ProblemList();

  /**
   * What reading an option gives; undefined where that fails, for which `throwIfAny` refuses the whole command line.
   * @throws what is no mistake of the user's
   */
  read<Value>(option: () => Value): Value {
    try {
      return option();
    } catch (error) {
      this.#keep(error);
      return undefined as Value;
    }
  }

  /** The same for what takes time. */
  async readLater<Value>(option: () => Promise<Value>): Promise<Value> {
    try {
      return await option();
    } catch (error) {
      this.#keep(error);
      return undefined as Value;
    }
  }

  /**
   * A number that is still text; undefined when it is not given.
   * @param allowed what errors say of `holds`
   */
  number(
    flag: string,
    text: string | undefined,
    allowed: string,
    holds: (value: number) => boolean,
  ): number | undefined {
    return this.read(() => {
      if (text === undefined) return undefined;
      const value = Number(text);
      if (text.trim() !== "" && Number.isFinite(value) && holds(value)) return value;
      throw new ConfigError([{ where: flag, message: `found "${text}", expected ${allowed}` }]);
    });
  }

  /** A whole number of at least 1, or undefined. */
  count(flag: string, text: string | undefined): number | undefined {
    return this.number(
      flag,
      text,
      "a whole number of at least 1",
      (value) => Number.isSafeInteger(value) && value >= 1,
    );
  }

  /** The number that draws are made from. */
  seed(text: string): number {
    const allowed = "a whole number of at least 0";
    return this.number("--seed", text, allowed, (value) => Number.isSafeInteger(value) && value >= 0) ?? 0;
  }

  get failed(): boolean {
    return this.#problems.problems.length > 0;
  }

  /** @throws ConfigError when any option was wrong */
  throwIfAny(): void {
    this.#problems.throwIfAny();
  }

  #keep(error: unknown): void {
    if (error instanceof ConfigError)
      for (const { where, message } of error.problems) this.#problems.add(where, message);
    else if (error instanceof AxisError) this.#problems.add("", error.message);
    else throw error;
  }
}

/** A folder to write to. @throws ConfigError */
export function outputFolder(text: string, flag: string): string {
  if (text === "") throw new ConfigError([{ where: flag, message: 'found "", expected a folder' }]);
  const stat = statOrNull(text);
  if (stat === null || stat.isDirectory()) return text;
  throw new ConfigError([{ where: flag, message: `${text} is no folder` }]);
}
