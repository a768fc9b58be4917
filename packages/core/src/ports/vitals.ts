/** What the operating system and the engine say of this process. Real: `@jaegis/node`. */
export interface Vitals {
  read(): VitalSigns;
}

export interface VitalSigns {
  /** In use by objects. */
  readonly heapBytes: number;
  /** Of the whole process, in memory. */
  readonly rssBytes: number;
  /** Processor time so far, of all threads. */
  readonly cpuMs: number;
}
