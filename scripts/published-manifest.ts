/** Turns the package.json of a workspace, which runs from its sources, into that of the package we publish. */
export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly devDependencies?: unknown;
  readonly scripts?: unknown;
  readonly [field: string]: unknown;
}

/** `./src/x.ts` becomes `./x.js` and, in `exports`, also `./x.d.ts`; what only development needs is left out. */
export function publishedManifest(source: Manifest): Record<string, unknown> {
  const { exports = {}, bin, devDependencies: _dev, scripts: _scripts, ...kept } = source;
  const commands = bin === undefined ? {} : { bin: mapValues(bin, (file) => compiled(file, 'js')) };
  const doors = mapValues(exports, (file) => ({ types: compiled(file, 'd.ts'), default: compiled(file, 'js') }));
  return { ...kept, exports: { ...doors, './package.json': './package.json' }, ...commands };
}

function compiled(file: string, extension: 'js' | 'd.ts'): string {
  const match = /^\.\/src\/(.+)\.ts$/.exec(file);
  if (match === null) throw new Error(`Cannot publish ${file}: a door must be a file ./src/….ts.`);
  return `./${match[1]}.${extension}`;
}

function mapValues<Value, Mapped>(record: Readonly<Record<string, Value>>, map: (value: Value) => Mapped) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
