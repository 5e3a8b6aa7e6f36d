const token =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/uy;

const unclosedString = /^"(?:[^"\\]|\\.)*\\?$/u;

/**
 * Where a text that is not valid JSON stops being so, the same on every JavaScript engine.
 *
 * @returns Index of the first token that cannot stand where it does; the text's length when it ends too early.
 */
export function jsonErrorPosition(text: string): number {
  /** Open brackets, innermost last. */
  const open: string[] = [];
  let expected: "value" | "value or ]" | "key" | "key or }" | "colon" | "comma" | "nothing" = "value";
  token.lastIndex = 0;
  for (;;) {
    const start = afterSpace(text, token.lastIndex);
    const match: RegExpExecArray | null = token.exec(text);
    if (match === null) return unclosedString.test(text.slice(start)) ? text.length : start;
    const [, punctuation, string] = match;
    const closes = open.at(-1) === "{" ? "}" : "]";
    if (punctuation === undefined) {
      const isKey: boolean = expected === "key" || expected === "key or }";
      if (isKey ? string === undefined : expected !== "value" && expected !== "value or ]") return start;
      expected = isKey ? "colon" : afterValue(open);
    } else if (punctuation === "{" || punctuation === "[") {
      if (expected !== "value" && expected !== "value or ]") return start;
      open.push(punctuation);
      expected = punctuation === "{" ? "key or }" : "value or ]";
    } else if (punctuation === ":") {
      if (expected !== "colon") return start;
      expected = "value";
    } else if (punctuation === ",") {
      if (expected !== "comma") return start;
      expected = closes === "}" ? "key" : "value";
    } else {
      const allowed =
        expected === "comma" || expected === `key or ${punctuation}` || expected === `value or ${punctuation}`;
      if (!allowed || punctuation !== closes) return start;
      open.pop();
      expected = afterValue(open);
    }
  }
}

function afterValue(open: readonly string[]): "comma" | "nothing" {
  return open.length > 0 ? "comma" : "nothing";
}

function afterSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\r\n".includes(text[at]!)) at++;
  return at;
}
