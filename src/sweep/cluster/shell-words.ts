/** A word as a POSIX shell reads it back unchanged. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Command-line arguments without some options, in the forms `--flag value` and `--flag=value`. */
export function withoutOptions(
  args: readonly string[],
  { valued, switches }: { readonly valued: readonly string[]; readonly switches: readonly string[] },
): string[] {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (valued.includes(arg)) at++;
    else if (!switches.includes(arg) && !valued.some((flag) => arg.startsWith(`${flag}=`))) kept.push(arg);
  }
  return kept;
}
