/**
 * Something happened that aggregate counts cannot follow; the run has to be repeated on the plain engine. It is rare:
 * a simulation that met it has lost its time, not its result.
 */
export class ShortcutFailure extends Error {
  override readonly name = "ShortcutFailure";
}
