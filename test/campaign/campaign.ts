/** Many seeds over as many threads as there are. */
import { Worker } from 'node:worker_threads';
import type { Job, Report } from './job.ts';

export interface CampaignOptions {
  readonly threads: number;
  /** What is next; undefined: no more. */
  readonly next: () => Job | undefined;
  /** In the order in which they end. False: no more are begun. */
  readonly onReport: (report: Report) => boolean;
}

export async function runCampaign({ threads, next, onReport }: CampaignOptions): Promise<void> {
  let isOver = false;
  const work = async () => {
    const worker = new Worker(new URL('./thread.ts', import.meta.url));
    try {
      for (let job = next(); job !== undefined && !isOver; job = next()) {
        if (!onReport(await ask(worker, job))) isOver = true;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
}

function ask(worker: Worker, job: Job): Promise<Report> {
  return new Promise((resolve, reject) => {
    const onMessage = (report: Report) => {
      worker.off('error', onError);
      resolve(report);
    };
    const onError = (error: Error) => {
      worker.off('message', onMessage);
      reject(error);
    };
    worker.once('message', onMessage);
    worker.once('error', onError);
    worker.postMessage(job);
  });
}

/** Seeds from this one on, so many. */
export function seedsFrom(first: number, count: number, options: Omit<Job, 'seed'>): () => Job | undefined {
  let seed = first;
  return () => (seed < first + count ? { ...options, seed: seed++ } : undefined);
}
