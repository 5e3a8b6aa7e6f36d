/** What a command's file exports. */
export interface CommandModule {
  /**
   * Runs the command.
   * @param args what follows its name on the command line
   * @returns the exit code
   */
  run(args: string[]): Promise<number>;
}
