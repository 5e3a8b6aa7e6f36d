/** Value and slope of the function along a direction, at a step. */
export interface Trial {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
}

const DECREASE = 1e-3;
const CURVATURE = 0.9;
const STEP_TOLERANCE = 0.1;
const GREATEST_STEP = 1e10;
const MOST_TRIALS = 20;

/** A function along a direction. */
export interface SearchedLine {
  evaluate(step: number): Trial;
}

/**
 * A step with sufficient decrease and curvature (J. J. Moré, D. J. Thuente, ACM Trans. Math. Software 20, 1994).
 * @param start at step 0; its slope is negative
 * @returns the last trial, or null when none was found in 20
 */
export function searchStep(start: Trial, first: number, line: SearchedLine): Trial | null {
  const test = DECREASE * start.slope;
  let best: Trial = start;
  let other: Trial = start;
  let bracketed = false;
  let firstStage = true;
  let width = GREATEST_STEP;
  let previousWidth = 2 * GREATEST_STEP;
  let low = 0;
  let high = first + 4 * first;
  let step = first;
  for (let trials = 1; trials <= MOST_TRIALS; trials++) {
    const trial = line.evaluate(step);
    const limit = start.value + step * test;
    if (firstStage && trial.value <= limit && trial.slope >= 0) firstStage = false;

    const stuck = bracketed && (step <= low || step >= high);
    const narrow = bracketed && high - low <= STEP_TOLERANCE * high;
    const atLargest = step === GREATEST_STEP && trial.value <= limit && trial.slope <= test;
    const atSmallest = step === 0 && (trial.value > limit || trial.slope >= test);
    const accepted = trial.value <= limit && Math.abs(trial.slope) <= CURVATURE * -start.slope;
    if (accepted || stuck || narrow || atLargest || atSmallest) return trial;

    // In the first stage the function less its allowed decrease is looked at, until it falls below.
    const modified = firstStage && trial.value <= best.value && trial.value > limit;
    const shift = modified ? test : 0;
    const next = nextStep(shifted(best, shift), shifted(other, shift), shifted(trial, shift), bracketed, low, high);
    best = shifted(next.best, -shift);
    other = shifted(next.other, -shift);
    bracketed = next.bracketed;
    step = next.step;

    if (bracketed) {
      if (Math.abs(other.step - best.step) >= 0.66 * previousWidth) step = best.step + 0.5 * (other.step - best.step);
      previousWidth = width;
      width = Math.abs(other.step - best.step);
      low = Math.min(best.step, other.step);
      high = Math.max(best.step, other.step);
    } else {
      low = step + 1.1 * (step - best.step);
      high = step + 4 * (step - best.step);
    }
    step = Math.min(Math.max(step, 0), GREATEST_STEP);
    const exhausted = bracketed && (step <= low || step >= high || high - low <= STEP_TOLERANCE * high);
    if (exhausted) step = best.step;
  }
  return null;
}

function shifted({ step, value, slope }: Trial, perStep: number): Trial {
  return { step, value: value - step * perStep, slope: slope - perStep };
}

interface NextStep {
  readonly best: Trial;
  readonly other: Trial;
  readonly bracketed: boolean;
  readonly step: number;
}

/** The safeguarded cubic or quadratic step, and the interval it leaves. */
function nextStep(
  best: Trial,
  other: Trial,
  trial: Trial,
  bracketedBefore: boolean,
  low: number,
  high: number,
): NextStep {
  const opposite = trial.slope * (best.slope / Math.abs(best.slope)) < 0;
  const theta = (3 * (best.value - trial.value)) / (trial.step - best.step) + best.slope + trial.slope;
  const scale = Math.max(Math.abs(theta), Math.abs(best.slope), Math.abs(trial.slope));
  const discriminant = (theta / scale) ** 2 - (best.slope / scale) * (trial.slope / scale);
  const secant = trial.step + (trial.slope / (trial.slope - best.slope)) * (best.step - trial.step);
  let bracketed = bracketedBefore;
  let step: number;
  if (trial.value > best.value) {
    const gamma = (trial.step < best.step ? -1 : 1) * scale * Math.sqrt(discriminant);
    const ratio = (gamma - best.slope + theta) / (gamma - best.slope + gamma + trial.slope);
    const cubic = best.step + ratio * (trial.step - best.step);
    const quadratic =
      best.step +
      (best.slope / ((best.value - trial.value) / (trial.step - best.step) + best.slope) / 2) *
        (trial.step - best.step);
    step = Math.abs(cubic - best.step) <= Math.abs(quadratic - best.step) ? cubic : cubic + (quadratic - cubic) / 2;
    bracketed = true;
  } else if (opposite) {
    const gamma = (trial.step > best.step ? -1 : 1) * scale * Math.sqrt(discriminant);
    const ratio = (gamma - trial.slope + theta) / (gamma - trial.slope + gamma + best.slope);
    const cubic = trial.step + ratio * (best.step - trial.step);
    step = Math.abs(cubic - trial.step) > Math.abs(secant - trial.step) ? cubic : secant;
    bracketed = true;
  } else if (Math.abs(trial.slope) < Math.abs(best.slope)) {
    const gamma = (trial.step > best.step ? -1 : 1) * scale * Math.sqrt(Math.max(0, discriminant));
    const ratio = (gamma - trial.slope + theta) / (gamma + (best.slope - trial.slope) + gamma);
    let cubic = trial.step > best.step ? high : low;
    if (ratio < 0 && gamma !== 0) cubic = trial.step + ratio * (best.step - trial.step);
    const nearer = Math.abs(cubic - trial.step) < Math.abs(secant - trial.step);
    if (bracketedBefore) {
      step = nearer ? cubic : secant;
      const bound = trial.step + 0.66 * (other.step - trial.step);
      step = trial.step > best.step ? Math.min(bound, step) : Math.max(bound, step);
    } else {
      step = Math.min(Math.max(nearer ? secant : cubic, low), high);
    }
  } else if (bracketedBefore) {
    const around = (3 * (trial.value - other.value)) / (other.step - trial.step) + other.slope + trial.slope;
    const size = Math.max(Math.abs(around), Math.abs(other.slope), Math.abs(trial.slope));
    const root = Math.sqrt((around / size) ** 2 - (other.slope / size) * (trial.slope / size));
    const gamma = (trial.step > other.step ? -1 : 1) * size * root;
    const ratio = (gamma - trial.slope + around) / (gamma - trial.slope + gamma + other.slope);
    step = trial.step + ratio * (other.step - trial.step);
  } else {
    step = trial.step > best.step ? high : low;
  }
  if (trial.value > best.value) return { best, other: trial, bracketed, step };
  return { best: trial, other: opposite ? best : other, bracketed, step };
}
