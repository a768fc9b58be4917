import type { WorkerTask } from 'jaegis';

/** The functions of kernel.ts as a worker pool knows them. The extension is that of this module: source or built. */
const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const module = new URL(`./kernel${extension}`, import.meta.url).href;

export const prepareTask: WorkerTask = { module, name: 'prepare' };
export const chunkTask: WorkerTask = { module, name: 'runChunk' };
export const scienceTask: WorkerTask = { module, name: 'checkScience' };
