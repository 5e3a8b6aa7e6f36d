/** Order of an autoregressive integrated moving-average model, and whether it has a constant. */
export interface ArimaOrder {
  readonly p: number;
  readonly d: number;
  readonly q: number;
  readonly constant: boolean;
}

/** Parameters of a model: what the likelihood is a function of. */
export interface ArimaParameters {
  /** Constant of the differenced series' equation; 0 without one. */
  readonly constant: number;
  readonly ar: Float64Array;
  readonly ma: Float64Array;
  readonly variance: number;
}

/** Free parameters of a model. */
export function parameterCount({ p, q, constant }: ArimaOrder): number {
  return p + q + (constant ? 1 : 0) + 1;
}
