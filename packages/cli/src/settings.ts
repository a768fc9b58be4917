import { readFile } from 'node:fs/promises';
import { InvalidConfigError, isToken, tokenRule } from 'jaegis';
import { z } from 'zod';
import { nearest } from './nearest.ts';

/** From the environment it is a text. */
const flag = z.union([z.boolean(), z.stringbool()]);

/** Of a flag or the environment: names with commas between them. */
const listed = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const text = () => z.string().min(1).optional().describe('a text that is not empty');
const yesOrNo = () => flag.default(false).describe('true or false');
const number = (least: number, most: number) =>
  z.coerce.number().min(least).max(most).optional().describe(`a number from ${least} to ${most}`);
const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => z.coerce.number().int().min(least).max(most);
const wholeIfAny = (least: number, most?: number) => whole(least, most).optional().describe(wholeRange(least, most));
const oneOrThree = () => z.coerce.number().pipe(z.union([z.literal(1), z.literal(3)]));
const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

function wholeRange(least: number, most?: number): string {
  return `a whole number from ${least}${most === undefined ? '' : ` to ${most}`}`;
}

/** Each described by what may be given for it, in words for who gave something else. */
const settings = z.strictObject({
  name: z.string().optional().describe('a text'),
  cluster: z
    .string()
    .refine(isToken)
    .default('default')
    .describe(`a name: ${tokenRule.replace(/\.$/, '')}`),
  nats: z.string().min(1).default('nats://127.0.0.1:4222').describe('nats://host:port, several with commas between'),
  natsUser: text(),
  natsPassword: text(),
  natsToken: text(),
  natsNkeyFile: text(),
  natsCreds: text(),
  natsInboxPrefix: text(),
  tls: yesOrNo(),
  tlsHandshakeFirst: yesOrNo(),
  tlsCa: text(),
  tlsCert: text(),
  tlsKey: text(),
  app: text(),
  weight: number(0, 1_000),
  labels: z
    .union([z.array(z.string()), z.string().transform(listed)])
    .optional()
    .describe('names with commas between'),
  keepPolicies: yesOrNo(),
  drainMs: number(0, 3_600_000),
  threads: wholeIfAny(1, 256),
  replicas: oneOrThree().optional().describe('1 or 3'),
  storage: z.enum(['file', 'memory']).optional().describe('file or memory'),
  history: wholeIfAny(1, 1_000_000),
  maxTurnBytes: wholeIfAny(1_000_000),
  maxInboxBytes: wholeIfAny(1_000_000),
  logLevel: z.enum(logLevels).default('warn').describe('debug, info, warn, error or silent'),
  nodes: whole(1, 9).default(3).describe(wholeRange(1, 9)),
  servers: oneOrThree().default(1).describe('1 or 3'),
  port: wholeIfAny(0, 65_533),
  keep: text(),
  probePort: wholeIfAny(0, 65_535),
  probeHost: text(),
  json: yesOrNo(),
  timeout: whole(1, 600_000).default(5_000).describe(wholeRange(1, 600_000)),
  endWithParent: z.boolean().default(false).describe('true or false'),
  watch: z.boolean().default(false).describe('true or false'),
  svg: text(),
});

/** In no error. */
const secret = ['natsPassword', 'natsToken'];

export type Settings = z.infer<typeof settings>;

/**
 * One precedence for all settings: flag, environment (both in `flags`), file, default.
 * @throws InvalidConfigError with the path of the bad value.
 */
export async function readSettings({ config, ...flags }: Record<string, unknown>): Promise<Settings> {
  const file = typeof config === 'string' ? byName(await readSettingsFile(config)) : {};
  const result = settings.safeParse({ ...file, ...flags });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') throw unknownKey(issue.keys[0] ?? '', config);
  const path = String(issue?.path[0] ?? '');
  const isTyped = path in flags;
  const isShown = isTyped && !secret.includes(path);
  const what = isTyped ? optionOf(path) : `"${path}" in the settings file ${config}`;
  const given = isShown ? `is ${JSON.stringify(flags[path])}` : 'is not usable';
  const { description = 'something else' } = Object.entries(settings.shape).find(([name]) => name === path)?.[1] ?? {};
  throw new InvalidConfigError(`${what} ${given}; expected ${description}.`, { data: { path } });
}

/** As it is typed: `--drain-ms` for `drainMs`. */
function optionOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A file may name a setting as its option does, `log-level`, or as the API does, `logLevel`. */
function byName(file: object): Record<string, unknown> {
  const named = ([name, value]: [string, unknown]) => [
    name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ];
  return Object.fromEntries(Object.entries(file).map(named));
}

function unknownKey(key: string, file: unknown): Error {
  const near = nearest(key, Object.keys(settings.shape));
  const advice = near === undefined ? '' : ` Did you mean "${near}"?`;
  return new InvalidConfigError(`"${key}" in the settings file ${file} is no setting.${advice}`, {
    data: { path: key },
  });
}

async function readSettingsFile(path: string): Promise<object> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidConfigError(`The settings file ${path} cannot be read: ${reason}`, { cause });
  }
  throw new InvalidConfigError(`The settings file ${path} must hold a JSON object.`);
}
