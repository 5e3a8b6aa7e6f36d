import { toJSONSchema, type ZodMiniType } from "zod/mini";
import { clientConfigSchema } from "../../src/config/client-schema.ts";
import { engineArgDefaults, sglangDefaults, tierDefaults } from "../../src/config/engine-arg-defaults.ts";
import { engineArgsSchema, keysWithoutEffect } from "../../src/config/engine-args-schema.ts";
import { faultConfigSchema } from "../../src/config/fault-schema.ts";

/** Tables of documents that options take, for docs/engines.md and docs/replay.md: made from the schemas, so that they stay true. */

interface Property {
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: Property;
  readonly anyOf?: readonly Property[];
  readonly properties?: Readonly<Record<string, Property>>;
}

/** Defaults that are no constant of one name. */
const otherEngineDefaults: Readonly<Record<string, unknown>> = {
  num_gpu_blocks: "16384, with `aic_…` what fits",
  block_size: "64 (vLLM), 1 (SGLang), 32 (TRT-LLM)",
  startup_time: 0,
  g1_backend: "native; kvbm with `num_g2_blocks`",
  perf_overheads: "none",
  worker_type: "what the flag says",
  aic_tp_size: 1,
  aic_nextn_accept_rates: "0.85,0.3,0,0,0",
  num_g2_blocks: 0,
  num_g3_blocks: 0,
  enable_g4_storage: false,
  prefill_schedule_interval: 1,
  "sglang.prefill_decode_interval": 0,
  "trtllm.capacity_scheduler_policy": "guaranteed_no_evict",
};

/** Every engine argument that acts, with its default. */
export function engineArgTable(): string {
  const sections = Object.entries(sglangDefaults).map(([key, value]) => [`sglang.${key}`, value]);
  const defaults: Readonly<Record<string, unknown>> = {
    ...engineArgDefaults,
    ...(Object.fromEntries(sections) as object),
    ...tierDefaults,
    ...otherEngineDefaults,
  };
  const rows = leaves(propertiesOf(engineArgsSchema))
    .filter(([key]) => !(key in keysWithoutEffect) && !key.startsWith("reasoning."))
    .map(([key, property]) => `| \`${key}\` | ${shown(defaults[key])} | ${meaning(property)} |`);
  return `| Argument | Default | Meaning |\n|---|---|---|\n${rows.join("\n")}`;
}

/** Every key of `--client-config`, its default in the meaning. */
export function clientTable(): string {
  return keyTable(propertiesOf(clientConfigSchema));
}

/** Every key of `--fault-config`, likewise. */
export function faultTable(): string {
  return keyTable(propertiesOf(faultConfigSchema));
}

function keyTable(properties: Readonly<Record<string, Property>>): string {
  const rows = Object.entries(properties).map(([key, property]) => `| \`${key}\` | ${meaning(property)} |`);
  return `| Key | Meaning |\n|---|---|\n${rows.join("\n")}`;
}

function propertiesOf(schema: ZodMiniType): Readonly<Record<string, Property>> {
  return (toJSONSchema(schema) as Property).properties!;
}

/** Keys, those inside a section behind its name: `sglang.page_size`. */
function leaves(properties: Readonly<Record<string, Property>>): [string, Property][] {
  return Object.entries(properties).flatMap(([key, property]) => {
    const section = [property, ...(property.anyOf ?? [])].find((one) => one.properties !== undefined);
    if (section === undefined) return [[key, property] as [string, Property]];
    return leaves(section.properties!).map(([name, inner]) => [`${key}.${name}`, inner] as [string, Property]);
  });
}

function shown(value: unknown): string {
  if (value === undefined) return "–";
  return typeof value === "string" && value.includes(" ") ? value : `\`${String(value)}\``;
}

/** The description and the names allowed, of a field, of what is in its null-or wrapper, or of a list's items. */
function meaning(property: Property): string {
  const inside = [property, ...(property.anyOf ?? []), ...(property.items === undefined ? [] : [property.items])];
  const text = inside.find(({ description }) => description !== undefined)?.description ?? "";
  const names = inside.find((one) => one.enum !== undefined)?.enum;
  const allowed = names === undefined ? "" : ` One of ${names.map((name) => `\`${name}\``).join(", ")}.`;
  return `${text}${allowed}`.replaceAll("|", "\\|");
}
