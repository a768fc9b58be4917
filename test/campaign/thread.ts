/** A thread that runs seeds, one after the other, as it is told. */
import { parentPort } from 'node:worker_threads';
import { type Job, perform } from './job.ts';

parentPort?.on('message', async (job: Job) => parentPort?.postMessage(await perform(job)));
