import type { PredictorConfig } from "../planner-config.ts";
import { ArimaPredictor } from "./arima-predictor.ts";
import { ConstantPredictor } from "./constant-predictor.ts";
import { KalmanPredictor } from "./kalman-predictor.ts";
import { ProphetPredictor } from "./prophet-predictor.ts";
import type { Predictor } from "./predictor.ts";

/** The predictor a configuration names. */
export function createPredictor(config: PredictorConfig): Predictor {
  switch (config.name) {
    case "constant":
      return new ConstantPredictor();
    case "kalman":
      return new KalmanPredictor(config);
    case "arima":
      return new ArimaPredictor(config.log1p);
    case "prophet":
      return new ProphetPredictor(config);
  }
}
