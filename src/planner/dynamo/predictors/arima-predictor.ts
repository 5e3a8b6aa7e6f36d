import { ConstantPredictor } from "./constant-predictor.ts";

/** Interim: answers the last value until the order search is in. */
export class ArimaPredictor extends ConstantPredictor {
  constructor(_log1p: boolean) {
    super();
  }
}
