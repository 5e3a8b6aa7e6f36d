import { ConfigError, ProblemList } from "../config/config-error.ts";
import { statOrNull } from "../config/document.ts";
import { AxisError } from "../sweep/axis.ts";

/** Reads the options of a command line one by one, and tells what is wrong with them together. */
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
