/** Identities of the full blocks of prompts: what a router needs to know about their content. */
export interface PromptIdentity {
  /** Tokens of a block. */
  readonly blockSize: number;
  /** Leading full blocks of a prompt that another prompt may have too; the rest is its own. */
  sharedBlocks(request: number): number;
  /** Identity of shared block `block` of a prompt, 0 ≤ key < keySpan; equal for prompts equal up to its end. */
  key(request: number, block: number): number;
  readonly keySpan: number;
}
