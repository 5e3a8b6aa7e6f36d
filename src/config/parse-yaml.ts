import { parseDocument } from "yaml";

/**
 * Parses YAML (and so JSON) text. In a file of its own so that a start without YAML need not load the parser.
 * @throws Error whose message names line and column
 */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw new Error(error.message.split("\n")[0]!.replace(/:$/, ""));
  return document.toJS();
}
