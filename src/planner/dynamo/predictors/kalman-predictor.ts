import type { PredictorConfig } from "../planner-config.ts";
import { LeadingZeros } from "./leading-zeros.ts";
import type { Predictor } from "./predictor.ts";

/** Variance of the first level and trend. */
const INITIAL_VARIANCE = 1000;
const LEAST_PROCESS_NOISE = 1e-12;
const LEAST_MEASUREMENT_NOISE = 1e-9;

/**
 * Local linear trend by a Kalman filter: state (level, trend), level observed (planner-reference §3; the covariance
 * update is the symmetric form of R. S. Bucy and P. D. Joseph, Filtering for Stochastic Processes, 1968). Where a load falls
 * steeply the trend carries the forecast below zero, as the reference's does.
 */
export class KalmanPredictor implements Predictor {
  private level = 0;
  private trend = 0;
  /** Covariance of (level, trend): variances and their covariance. */
  private levelVariance = INITIAL_VARIANCE;
  private trendVariance = INITIAL_VARIANCE;
  private covariance = 0;
  private started = false;
  /** Whether the state is that of the step to come. */
  private advanced = false;
  private readonly leadingZeros = new LeadingZeros();
  private readonly levelNoise: number;
  private readonly trendNoise: number;
  private readonly measurementNoise: number;
  private readonly log1p: boolean;

  constructor({ kalmanQLevel, kalmanQTrend, kalmanR, log1p }: PredictorConfig) {
    this.levelNoise = Math.max(LEAST_PROCESS_NOISE, kalmanQLevel);
    this.trendNoise = Math.max(LEAST_PROCESS_NOISE, kalmanQTrend);
    this.measurementNoise = Math.max(LEAST_MEASUREMENT_NOISE, kalmanR);
    this.log1p = log1p;
  }

  add(value: number): void {
    const known = Number.isNaN(value) ? 0 : value;
    if (!this.leadingZeros.accepts(known)) return;
    const measured = this.log1p ? Math.log1p(Math.max(0, known)) : known;
    if (this.started) {
      if (!this.advanced) this.advance();
      this.correct(measured);
    } else {
      this.level = measured;
      this.started = true;
    }
    this.advanced = false;
  }

  predict(): number {
    if (!this.started) return 0;
    if (!this.advanced) this.advance();
    const forecast = this.log1p ? Math.max(0, Math.expm1(this.level)) : this.level;
    return Number.isFinite(forecast) ? forecast : Number.MAX_VALUE;
  }

  skipLeadingZeros(): void {
    this.leadingZeros.reset();
  }

  private advance(): void {
    this.level += this.trend;
    const crossed = this.covariance + this.trendVariance;
    this.levelVariance = this.levelVariance + this.covariance + crossed + this.levelNoise;
    this.covariance = crossed;
    this.trendVariance += this.trendNoise;
    this.advanced = true;
  }

  private correct(measured: number): void {
    const { levelVariance, covariance, trendVariance, measurementNoise } = this;
    const innovationVariance = levelVariance + measurementNoise;
    const levelGain = levelVariance / innovationVariance;
    const trendGain = covariance / innovationVariance;
    const innovation = measured - this.level;
    this.level += levelGain * innovation;
    this.trend += trendGain * innovation;
    const kept = 1 - levelGain;
    this.levelVariance = kept * kept * levelVariance + levelGain * levelGain * measurementNoise;
    this.covariance = kept * (covariance - trendGain * levelVariance) + levelGain * trendGain * measurementNoise;
    this.trendVariance =
      trendVariance -
      2 * trendGain * covariance +
      trendGain * trendGain * levelVariance +
      trendGain * trendGain * measurementNoise;
  }
}
