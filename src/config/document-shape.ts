/** Deepest nesting of a configuration document; none that makes sense comes near. */
const deepest = 64;

/** Whether objects and arrays are nested deeper than any configuration is; YAML's aliases can even make a circle. */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth >= deepest || Object.values(value).some((part) => isTooDeep(part, depth + 1));
}

/** Nesting of a text that could overflow the stack of a parser; some engines end the process then. */
const deepestText = 500;

/** Whether a text would nest so deeply that it should not be parsed: brackets, or YAML's indents and `- - -`. */
export function isTextTooDeep(text: string): boolean {
  if (/^(?: {500}|(?:[-?][ \t]+){500})/m.test(text)) return true;
  let depth = 0;
  for (const [found] of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[{}[\]]/g)) {
    if (found === "{" || found === "[") depth++;
    else if (found === "}" || found === "]") depth--;
    if (depth > deepestText) return true;
  }
  return false;
}

/**
 * A key that stands twice in one object of a JSON text: `JSON.parse` keeps the last one without a word.
 * @param text valid JSON
 * @returns the key, or null where all differ
 */
export function keyThatStandsTwice(text: string): string | null {
  /** Keys of the objects around the place; null for arrays. */
  const around: (Set<string> | null)[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/gs;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (found === "{") around.push(new Set());
    else if (found === "[") around.push(null);
    else if (found === "}" || found === "]") around.pop();
    else if (/^\s*:/.test(text.slice(token.lastIndex, token.lastIndex + 64))) {
      const keys = around.at(-1);
      const key = JSON.parse(found) as string;
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return null;
}
