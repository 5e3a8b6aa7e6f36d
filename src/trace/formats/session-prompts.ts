import type { TraceBuilder } from "../trace-builder.ts";

/** Blocks of prompts of which only the session is known: a longer prompt begins with the one before it. */
export class SessionPrompts {
  readonly #blockSize: number;
  /** Of the latest prompt of each session: its length, and the ids of its full blocks. */
  readonly #latest = new Map<string, { readonly tokens: number; readonly ids: readonly number[] }>();
  #nextId = 0;

  /** @param blockSize Tokens of a block. */
  constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  /** Pushes the full blocks of a session's next prompt; what is left of it is new. */
  pushPrompt(builder: TraceBuilder, session: string, tokens: number): void {
    const before = this.#latest.get(session);
    const ids = before !== undefined && tokens > before.tokens ? [...before.ids] : [];
    while (ids.length < Math.floor(tokens / this.#blockSize)) ids.push(this.#nextId++);
    for (const id of ids) builder.pushBlock(Math.floor(id / 2 ** 32), id >>> 0);
    this.#latest.set(session, { tokens, ids });
  }
}
