import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
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
  const config = await configPath(name);
  if (config !== null) {
    try {
      const beside = join(config, "..", "hf_quant_config.json");
      const quantization = existsSync(beside) ? await readJson(beside) : null;
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

async function configPath(name: string): Promise<string | null> {
  try {
    const found = await stat(name);
    if (found.isFile()) return name;
    const inside = join(name, "config.json");
    if (found.isDirectory() && existsSync(inside)) return inside;
  } catch {
    // Not a path: a catalogue name.
  }
  return null;
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new UnknownModelError(`${path}: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new UnknownModelError(`${path}: expected a JSON object`);
  }
  return parsed as Readonly<Record<string, unknown>>;
}
