/** A profile that cannot be used; the message names the file and what is wrong with it. */
export class ProfileError extends Error {
  override readonly name = "ProfileError";
}
