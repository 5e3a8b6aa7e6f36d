import { engineArgsSchema } from "../config/engine-args-schema.ts";
import { nearestName } from "../config/nearest-name.ts";
import { plannerConfigSchema } from "../config/planner-schema.ts";
import { replayOptions } from "../config/replay-option-table.ts";
import { routerConfigSchema } from "../config/router-schema.ts";

/** Settings by what leads to them, the likeliest first where several have one of a name. */
const settings: Readonly<Record<string, readonly string[]>> = {
  run: replayOptions.map(({ flag }) => flag.replaceAll("-", "_")),
  engine: Object.keys(engineArgsSchema.def.shape),
  planner: Object.keys(plannerConfigSchema.def.shape),
  router: Object.keys(routerConfigSchema.def.shape),
};

/** Ends an error about a `--vary` key without a beginning that leads somewhere: ` (did you mean "engine.startup_time"?)`, or nothing. */
export function likelyAxis(key: string): string {
  const near = nearestName(key.replace(/^.*\./, ""), Object.values(settings).flat());
  const root = Object.keys(settings).find((one) => near !== null && settings[one]!.includes(near));
  return root === undefined ? "" : ` (did you mean "${root}.${near}"?)`;
}
