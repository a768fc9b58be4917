import type { Breaker, BreakerFigures } from './breaker.ts';
import { refused } from './settings.ts';
import type { BreakerWatcher } from './watched-breaker.ts';

/** What is likely to become of what a breaker guards. */
export interface Outlook {
  /** That it fails soon, from 0 to 1. */
  readonly likelihood: number;
  /** For people: it is told with the event. */
  readonly reason: string;
}

/** The port to whoever can tell: a model, a schedule of maintenance, the queue of the server. One that throws knows nothing. */
export type Forecast = (breaker: BreakerFigures) => Outlook | undefined;

export interface ForecastOptions {
  /** From then on it opens, above 0 to 1. Default 0.9. */
  readonly likelihood?: number | undefined;
  /** How often it is asked at most, in ms. Default 1,000. */
  readonly everyMs?: number | undefined;
}

/** Opens a breaker before what it guards fails. Its probes close it again, as always. */
export class ForecastWatcher implements BreakerWatcher {
  readonly name = 'forecast';
  readonly everyMs: number;
  readonly #likelihood: number;
  readonly #forecast: Forecast;

  /** @throws InvalidConfigError with the path of what is not usable. */
  constructor(forecast: Forecast, { likelihood = 0.9, everyMs = 1_000 }: ForecastOptions = {}) {
    if (!(likelihood > 0 && likelihood <= 1)) throw refused('forecast.likelihood', likelihood, 'above 0 and at most 1');
    if (!(everyMs >= 0)) throw refused('forecast.everyMs', everyMs, 'a number from 0');
    this.#forecast = forecast;
    this.#likelihood = likelihood;
    this.everyMs = everyMs;
  }

  look(breaker: Breaker): void {
    const outlook = this.#ask(breaker.figures);
    if (outlook === undefined || !(outlook.likelihood >= this.#likelihood)) return;
    breaker.trip({ kind: 'forecast', likelihood: outlook.likelihood, reason: outlook.reason });
  }

  #ask(figures: BreakerFigures): Outlook | undefined {
    try {
      return this.#forecast(figures);
    } catch {
      return undefined;
    }
  }
}
