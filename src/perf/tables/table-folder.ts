import { existsSync, readdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { suggestion } from "../../config/nearest-name.ts";
import type { BackendName } from "../backend.ts";
import type { Gpu } from "../gpu.ts";
import type { ParquetColumns } from "./parquet-columns.ts";
import { readParquetColumns } from "./parquet-columns.ts";
import { compareVersions } from "./version-order.ts";
import { TableError } from "./table-error.ts";

/** Places inside a given folder where AIConfigurator's `systems` folder may be. */
const systemsFolders = [
  ".",
  "systems",
  "aiconfigurator_core/systems",
  "aiconfigurator/systems",
  "src/aiconfigurator_core/systems",
];

/** AIConfigurator's measured tables of one GPU and backend, as files. */
export interface TableFolder {
  readonly systems: string;
  readonly gpu: Gpu;
  readonly backend: BackendName;
  /** The version to price. */
  readonly version: string;
  /** Files of that name (without ending), the wanted version first, then older ones, newest first. */
  files(family: string, name: string): readonly string[];
  /** Columns of one of the files; read once. @throws TableError */
  read(path: string, columns: readonly string[]): Promise<ParquetColumns>;
}

/** The `systems` folder in what a user named; null = there is none. */
export function systemsFolderOf(folder: string): string | null {
  const inside = systemsFolders.find((place) => existsSync(join(folder, place, "data")));
  return inside === undefined ? null : join(folder, inside);
}

/**
 * Finds the tables of a GPU and backend.
 * @param folder the unpacked wheel, the installed package, or its `systems` folder
 * @param version backend version or "current"; null = the folder's current one, else the newest
 * @throws TableError naming what was looked for and what is there
 */
export async function openTableFolder(
  folder: string,
  gpu: Gpu,
  backend: BackendName,
  version: string | null,
): Promise<TableFolder> {
  const systems = systemsFolderOf(folder);
  if (systems === null) {
    throw new TableError(
      `${folder}: no AIConfigurator tables there (looked for data/ in ${systemsFolders.join(", ")})`,
    );
  }
  const data = join(systems, "data", gpu.name);
  if (!existsSync(data)) {
    const present = await readdir(join(systems, "data"));
    throw new TableError(
      `${join(systems, "data")}: no tables of ${gpu.name}; there are ${present.toSorted().join(", ")}`,
    );
  }
  const measured = existsSync(join(data, "gemm", backend))
    ? (await readdir(join(data, "gemm", backend))).toSorted(compareVersions)
    : [];
  if (measured.length === 0) throw new TableError(`${data}: no tables of ${backend} (looked for gemm/${backend})`);
  const current = await currentVersion(systems, gpu, backend);
  const given = version === null || version === "current" ? null : version;
  const chosen = given ?? (current !== null && measured.includes(current) ? current : measured.at(-1)!);
  if (!measured.includes(chosen)) {
    throw new TableError(
      `${data}: no tables of ${backend} ${chosen}${suggestion(chosen, measured)}; there are ${measured.join(", ")}`,
    );
  }
  const read = new Map<string, Promise<ParquetColumns>>();
  return {
    systems,
    gpu: await systemGpu(systems, gpu),
    backend,
    version: chosen,
    files: (family, name) => versionFiles(join(data, family, backend), name, chosen),
    read(path, columns) {
      let table = read.get(path);
      if (table === undefined) {
        table = readParquetColumns(path, columns);
        read.set(path, table);
      }
      return table;
    },
  };
}

async function currentVersion(systems: string, gpu: Gpu, backend: BackendName): Promise<string | null> {
  const path = join(systems, "query_versions.yaml");
  if (!existsSync(path)) return null;
  const slots = (await readYaml(path)) as {
    defaults?: Record<string, { current?: string }>;
    overrides?: Record<string, Record<string, { current?: string }>>;
  };
  return slots.overrides?.[gpu.name]?.[backend]?.current ?? slots.defaults?.[backend]?.current ?? null;
}

/** The GPU with the rates of the folder's own description of it, where there is one. */
async function systemGpu(systems: string, gpu: Gpu): Promise<Gpu> {
  const path = join(systems, `${gpu.name}.yaml`);
  if (!existsSync(path)) return gpu;
  const { gpu: given, node } = (await readYaml(path)) as {
    gpu?: Record<string, number>;
    node?: Record<string, number>;
  };
  return {
    ...gpu,
    memoryBandwidth: given?.["mem_bw"] ?? gpu.memoryBandwidth,
    memoryBytes: given?.["mem_capacity"] ?? gpu.memoryBytes,
    bf16Flops: given?.["bfloat16_tc_flops"] ?? gpu.bf16Flops,
    fp8Flops: given?.["fp8_tc_flops"] ?? gpu.fp8Flops,
    fp4Flops: given?.["fp4_tc_flops"] ?? gpu.fp4Flops,
    linkBandwidth: node?.["intra_node_bw"] ?? gpu.linkBandwidth,
    networkBandwidth: node?.["inter_node_bw"] ?? gpu.networkBandwidth,
    gpusPerNode: node?.["num_gpus_per_node"] ?? gpu.gpusPerNode,
  };
}

async function readYaml(path: string): Promise<object> {
  try {
    const parsed: unknown = parse(await readFile(path, "utf8"));
    if (typeof parsed === "object" && parsed !== null) return parsed;
  } catch (error) {
    throw new TableError(`${path}: ${(error as Error).message}`);
  }
  throw new TableError(`${path}: expected a mapping`);
}

/** `folder/VERSION/name.parquet` of the wanted version, then of older ones, newest first, where they exist. */
function versionFiles(folder: string, name: string, version: string): string[] {
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).filter((candidate) => compareVersions(candidate, version) <= 0);
  return versions
    .toSorted((a, b) => compareVersions(b, a))
    .map((candidate) => join(folder, candidate, `${name}.parquet`))
    .filter((path) => existsSync(path));
}
