/** How long a prompt is expected to take on an idle worker, ns, from the tokens to compute and the cached ones before. */
export type PrefillEstimate = (uncachedTokens: number, cachedTokens: number) => number;

interface Prompt {
  readonly request: number;
  readonly tokens: number;
  /** Expected time to compute it, ns. */
  readonly expectedNs: number;
}

/**
 * The prompt tokens one target has been sent and not yet computed. With an estimate of prefill times they fade at the
 * pace expected of the oldest prompt, from when it became the oldest; when it takes longer, those behind it fade too.
 */
export class PrefillBacklog {
  /** Tokens of all prompts, faded or not. */
  tokens = 0;
  /** In the order they were sent; kept only where prompts fade. */
  private readonly prompts: Prompt[] = [];
  private readonly fades: boolean;
  private oldestSinceNs = 0;

  /** @param fades whether an estimate of prefill times is used */
  constructor(fades: boolean) {
    this.fades = fades;
  }

  add(request: number, tokens: number, expectedNs: number, atNs: number): void {
    this.tokens += tokens;
    if (!this.fades) return;
    if (this.prompts.length === 0) this.oldestSinceNs = atNs;
    this.prompts.push({ request, tokens, expectedNs });
  }

  remove(request: number, tokens: number, atNs: number): void {
    this.tokens -= tokens;
    if (!this.fades) return;
    const at = this.prompts.findIndex((prompt) => prompt.request === request);
    this.prompts.splice(at, 1);
    if (at === 0) this.oldestSinceNs = atNs;
  }

  /** Tokens that count at a time. */
  tokensAt(atNs: number): number {
    if (this.prompts.length === 0) return this.tokens;
    const { tokens, expectedNs } = this.prompts[0]!;
    const elapsedNs = Math.max(0, atNs - this.oldestSinceNs);
    const done = expectedNs === 0 ? tokens : Math.floor((tokens * elapsedNs) / expectedNs);
    return Math.max(0, this.tokens - done);
  }
}
