import type { Deployment } from "../deployment.ts";
import { StepModel } from "../step-model.ts";
import { StepPerfModel } from "../step-perf-model.ts";
import type { Extrapolation } from "./attention-tables.ts";
import { openTableFolder } from "./table-folder.ts";
import { readTablePricer } from "./table-pricer.ts";

/**
 * The exact model of a deployment from AIConfigurator's own tables.
 * @param folder the unpacked wheel, the installed package or its `systems` folder
 * @param version backend version; null = the folder's current one
 * @throws TableError when the folder or a table cannot be used
 */
export async function tablePerfModel(
  folder: string,
  deployment: Deployment,
  version: string | null,
  extrapolation: Extrapolation,
): Promise<StepPerfModel> {
  const tables = await openTableFolder(folder, deployment.gpu, deployment.backend, version);
  const measured = { ...deployment, gpu: tables.gpu };
  const { model, gpu, backend, tensorParallelSize } = measured;
  return new StepPerfModel(new StepModel(measured, await readTablePricer(tables, measured, extrapolation)), {
    kind: "tables",
    description: `AIConfigurator tables (${extrapolation} extrapolation): ${model.name} on ${gpu.name}, ${backend} ${tables.version}, tp ${tensorParallelSize}`,
  });
}
