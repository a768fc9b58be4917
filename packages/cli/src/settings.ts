import { readFile } from 'node:fs/promises';
import { InvalidConfigError } from 'jaegis';
import { z } from 'zod';

/** From the environment it is a text. */
const flag = z.union([z.boolean(), z.stringbool()]);

/** Of a flag or the environment: names with commas between them. */
const listed = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const settings = z.strictObject({
  name: z.string().optional(),
  cluster: z.string().default('default'),
  nats: z.string().min(1).default('nats://127.0.0.1:4222'),
  natsUser: z.string().min(1).optional(),
  natsPassword: z.string().min(1).optional(),
  natsToken: z.string().min(1).optional(),
  natsNkeyFile: z.string().min(1).optional(),
  natsCreds: z.string().min(1).optional(),
  natsInboxPrefix: z.string().min(1).optional(),
  tls: flag.default(false),
  tlsHandshakeFirst: flag.default(false),
  tlsCa: z.string().min(1).optional(),
  tlsCert: z.string().min(1).optional(),
  tlsKey: z.string().min(1).optional(),
  app: z.string().min(1).optional(),
  weight: z.coerce.number().min(0).max(1_000).optional(),
  labels: z.union([z.array(z.string()), z.string().transform(listed)]).optional(),
  drainMs: z.coerce.number().min(0).max(3_600_000).optional(),
  threads: z.coerce.number().int().min(1).max(256).optional(),
  replicas: z.coerce
    .number()
    .pipe(z.union([z.literal(1), z.literal(3)]))
    .optional(),
  storage: z.enum(['file', 'memory']).optional(),
  history: z.coerce.number().int().min(1).max(1_000_000).optional(),
  maxTurnBytes: z.coerce.number().int().min(1_000_000).optional(),
  maxInboxBytes: z.coerce.number().int().min(1_000_000).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn'),
  nodes: z.coerce.number().int().min(1).max(9).default(3),
  servers: z.coerce
    .number()
    .pipe(z.union([z.literal(1), z.literal(3)]))
    .default(1),
  port: z.coerce.number().int().min(0).max(65_533).optional(),
  keep: z.string().min(1).optional(),
  probePort: z.coerce.number().int().min(0).max(65_535).optional(),
  probeHost: z.string().min(1).optional(),
  json: flag.default(false),
  timeout: z.coerce.number().int().min(1).max(600_000).default(5_000),
  endWithParent: z.boolean().default(false),
  watch: z.boolean().default(false),
  svg: z.string().min(1).optional(),
});

/** In no error. */
const secret = ['natsPassword', 'natsToken'];

export type Settings = z.infer<typeof settings>;

/**
 * One precedence for all settings: flag, environment (both in `flags`), file, default.
 * @throws InvalidConfigError with the path of the bad value.
 */
export async function readSettings({ config, ...flags }: Record<string, unknown>): Promise<Settings> {
  const file = typeof config === 'string' ? await readSettingsFile(config) : {};
  const result = settings.safeParse({ ...file, ...flags });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  const isShown = path in flags && !secret.includes(path);
  const given = isShown ? ` (given: ${JSON.stringify(flags[path])})` : '';
  throw new InvalidConfigError(`Setting "${path}"${given}: ${issue?.message ?? 'not usable'}`, { data: { path } });
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
