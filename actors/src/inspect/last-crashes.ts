import { limits } from '@jaegis/core';
import type { CrashReport } from '../run/crash-report.ts';

/** The last crash of each of the actors that crashed last. */
export class LastCrashes {
  readonly #reports = new Map<string, CrashReport>();

  add(report: CrashReport): void {
    this.#reports.delete(report.address);
    this.#reports.set(report.address, report);
    for (const oldest of this.#reports.keys()) {
      if (this.#reports.size <= limits.crashReports) break;
      this.#reports.delete(oldest);
    }
  }

  of(address: string): CrashReport | undefined {
    return this.#reports.get(address);
  }
}
