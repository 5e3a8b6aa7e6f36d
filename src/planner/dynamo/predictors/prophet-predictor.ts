import type { PredictorConfig } from "../planner-config.ts";
import { ConstantPredictor } from "./constant-predictor.ts";

/** Interim: answers the last value until the trend model is in. */
export class ProphetPredictor extends ConstantPredictor {
  constructor(_config: PredictorConfig) {
    super();
  }
}
