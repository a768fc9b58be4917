/** The process we run in and the machine under it, for the few places that must know. Real: `@jaegis/node`. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** As Node names them: `linux`, `darwin`, …; `x64`, `arm64`, … */
  readonly platform: string;
  readonly arch: string;
  /** The program that runs this process, for starting another like it. */
  readonly execPath: string;
  /** This user's cache folder for JAEGIS; it may not exist yet. */
  readonly cacheDir: string;
  /** The system's folder for temporary files. */
  readonly tempDir: string;
  /** Whether a process with this id runs. */
  isAlive(pid: number): boolean;
}
