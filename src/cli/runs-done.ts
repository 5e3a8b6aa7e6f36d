/** How many runs have ended and how, as a command says in the end; `reused` of those done were done before. */
export function runsDone(done: number, failed: number, reused = 0): string {
  const kept = reused > 0 ? `, ${reused} of them from before` : "";
  return `${done} ${done === 1 ? "run" : "runs"} done${kept}, ${failed} failed`;
}
