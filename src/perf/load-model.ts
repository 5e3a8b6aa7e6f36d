import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ModelConfigError } from "./config-fields.ts";
import { modelFromConfig } from "./model-config.ts";
import { catalogueModel, similarModels } from "./model-name.ts";
import type { ModelShape } from "./model-shape.ts";

/** A model that is neither in the catalogue nor readable from a folder; the message says what to do. */
export class UnknownModelError extends Error {
  override readonly name = "UnknownModelError";
}

/**
 * The shape of a model: from a folder with config.json (or the path of a config.json), else from the catalogue.
 * @throws UnknownModelError
 */
export async function loadModel(name: string): Promise<ModelShape> {
  const [config, beside] = modelFiles(name);
  if (config !== undefined) {
    try {
      const quantization = beside === undefined ? null : await readJson(beside);
      return modelFromConfig(name, await readJson(config), quantization);
    } catch (error) {
      if (error instanceof ModelConfigError) throw new UnknownModelError(`${config}: ${error.message}`);
      throw error;
    }
  }
  const known = catalogueModel(name);
  if (known !== null) return known;
  const similar = similarModels(name);
  const near = similar.length === 0 ? "" : `; near it are ${similar.join(", ")}`;
  throw new UnknownModelError(
    `unknown model "${name}"${near}. Any other model: give the folder with its config.json (and hf_quant_config.json)`,
  );
}

/** The files a model is read from: its configuration, and its quantisation where that has a file; none for a name. */
export function modelFiles(name: string): string[] {
  const found = statSync(name, { throwIfNoEntry: false });
  const inside = join(name, "config.json");
  const config = found?.isFile() === true ? name : found?.isDirectory() === true && existsSync(inside) ? inside : null;
  if (config === null) return [];
  const beside = join(config, "..", "hf_quant_config.json");
  return existsSync(beside) ? [config, beside] : [config];
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(withoutInfinities(await readFile(path, "utf8")));
  } catch (error) {
    throw new UnknownModelError(`${path}: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new UnknownModelError(`${path}: expected a JSON object`);
  }
  return parsed as Readonly<Record<string, unknown>>;
}

/** Python writes numbers that JSON does not have; none of them describes a shape. */
function withoutInfinities(text: string): string {
  return text.replaceAll(/([[:,]\s*)-?(?:Infinity|NaN)(?=\s*[\],}])/g, "$1null");
}
