import { describe, expect, it } from "vitest";
import { searchOrder } from "./arima/order-search.ts";
import { differencesNeeded } from "./arima/kpss.ts";
import { ArimaPredictor } from "./arima-predictor.ts";

/** Series and the forecasts after their 5th, 6th and 7th value, made with pmdarima 2.1.1 and statsmodels 0.15. */
const vectors = [
  {
    name: "conversation-like requests",
    log1p: false,
    order: [1, 0, 0],
    series: [927, 1101, 982, 1043, 885, 1010, 953],
    forecasts: [1100.400943774458, 985.6908526970925, 1026.3416355248532],
  },
  {
    name: "spiky",
    log1p: false,
    order: [0, 0, 0],
    series: [10, 12, 300, 5, 15, 12, 290],
    forecasts: [20.04915922015561, 18.4245699698617, 27.55295843111659],
  },
  {
    name: "trend",
    log1p: false,
    order: [1, 0, 0],
    series: [100.5, 118.2, 141.9, 158.4, 183.3, 199.1, 222.7],
    forecasts: [175.27920905840136, 190.6276569522167, 213.04585652772303],
  },
  {
    name: "walk",
    log1p: true,
    order: [0, 0, 0],
    series: [1000, 1031, 1012, 985, 1002, 1040, 1066],
    forecasts: [1005.8857942621846, 1011.4292074488221, 1019.0841182159459],
  },
  {
    name: "step",
    log1p: false,
    order: [0, 0, 0],
    series: [100, 100, 100, 100, 200, 200, 200],
    forecasts: [114.90343587619108, 126.00403872685287, 134.64711804633507],
  },
  {
    name: "wave",
    log1p: false,
    order: [0, 0, 0],
    series: [1010, 1190, 1348, 1402, 1360, 1240, 1055],
    forecasts: [1253.0594712457676, 1250.8675097244886, 1220.8234714786024],
  },
  {
    name: "lengths",
    log1p: false,
    order: [0, 0, 0],
    series: [13541.09, 12749.04, 12104.5, 13011.7, 12650.2, 12399.9, 12888.8],
    forecasts: [12802.709818800577, 12734.641734977196, 12756.516982779138],
  },
  {
    name: "falling",
    log1p: false,
    order: [1, 0, 0],
    series: [900, 640, 455, 330, 235, 160, 118],
    forecasts: [225.9547725055705, 153.7638807593623, 113.70047851286854],
  },
  {
    name: "recorded requests, where the first step of the search is nearly along one parameter",
    log1p: true,
    order: [1, 0, 1],
    series: [4, 3, 3.4, 4.8, 2.8, 3.6, 3],
    forecasts: [3.925152695849247, 3.6984731090429888, 4.147806929992937],
  },
] as const;

describe("ARIMA", () => {
  it.each(vectors)("forecasts as pmdarima does: $name", ({ log1p, order, series, forecasts }) => {
    const predictor = new ArimaPredictor(log1p);
    series.forEach((value, i) => {
      predictor.add(value);
      if (i < 4) expect(predictor.predict()).toBe(value);
      else expect(Math.abs(predictor.predict() / forecasts[i - 4]! - 1)).toBeLessThan(1e-6);
    });
    const [p, d, q] = order;
    const logarithmic = log1p || order.every((part) => part === 0);
    const searched = logarithmic ? series.slice(0, 5).map(Math.log1p) : series.slice(0, 5);
    expect(searchOrder(searched).order).toMatchObject({ p, d, q });
  });

  it("answers the geometric mean of (1 + value) where it finds neither AR nor MA terms", () => {
    const series = [10, 12, 300, 5, 15];
    const predictor = new ArimaPredictor(false);
    for (const value of series) predictor.add(value);
    const mean = series.reduce((sum, value) => sum + Math.log1p(value), 0) / series.length;
    expect(predictor.predict()).toBeCloseTo(Math.expm1(mean), 6);
  });

  it("repeats a constant, and survives a straight line", () => {
    const constant = new ArimaPredictor(false);
    for (let i = 0; i < 7; i++) constant.add(42);
    expect(constant.predict()).toBe(42);
    const line = new ArimaPredictor(false);
    for (let i = 1; i <= 9; i++) line.add(10 * i);
    expect(line.predict()).toBeGreaterThan(80);
  });
});

describe("differencing", () => {
  it("is asked for by a long trend, not by noise", () => {
    expect(differencesNeeded([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], 2)).toBe(0);
    expect(
      differencesNeeded(
        Array.from({ length: 30 }, (_, i) => i + (i % 3)),
        2,
      ),
    ).toBe(1);
    expect(differencesNeeded([7, 7, 7], 2)).toBe(0);
  });
});
