/** The queue cannot be used: Redis is out of reach, a package is missing. The message is meant for people. */
export class QueueError extends Error {
  override readonly name = "QueueError";
}
