/**
 * From the package sources of this machine (sources.list(5), both forms) to those of a newer suite of the same archive.
 * Pure: `debian.ts` reads the files. Keeps where the packages come from and who must have signed them.
 */

/** One stanza of the deb822 form, in which also the one-line form is held. Names of fields are in lower case. */
export type Stanza = ReadonlyMap<string, string>;

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** What a plain release is called besides its code name. Not `bookworm-updates`, not `bookworm-security`. */
const plainSuites = ['oldstable', 'stable', 'testing', 'unstable', 'sid'];

/**
 * The stanzas of the archive that holds the release `codename`, each asking for `suite` instead. More than one when
 * other vendors name their suites like Debian's; those that look like Debian's own come first.
 */
export function sourcesForSuite(files: readonly SourceFile[], codename: string, suite: string): string[] {
  const wanted = [codename, ...plainSuites];
  const archives = files.flatMap(parseSources).filter((stanza) => isMainArchive(stanza, wanted));
  const [own, others] = [archives.filter(looksLikeDebian), archives.filter((stanza) => !looksLikeDebian(stanza))];
  return [...new Set([...own, ...others].map((stanza) => writeStanza(stanza, suite)))];
}

export function parseSources({ name, text }: SourceFile): Stanza[] {
  return name.endsWith('.sources') ? parseDeb822(text) : text.split('\n').flatMap(parseOneLine);
}

function isMainArchive(stanza: Stanza, suites: readonly string[]): boolean {
  const has = (field: string, accepted: readonly string[]) =>
    words(stanza.get(field)).some((word) => accepted.includes(word));
  const isEnabled = !/^(no|false|0|off)$/i.test(stanza.get('enabled') ?? 'yes');
  const isOnline = words(stanza.get('uris')).some((uri) => !uri.startsWith('cdrom:'));
  return isEnabled && isOnline && has('types', ['deb']) && has('components', ['main']) && has('suites', suites);
}

function looksLikeDebian(stanza: Stanza): boolean {
  return words(stanza.get('uris')).some((uri) => /\/debian\/?$/.test(uri));
}

const replaced = ['types', 'suites', 'components', 'enabled'];

function writeStanza(stanza: Stanza, suite: string): string {
  const kept = [...stanza]
    .filter(([field]) => !replaced.includes(field))
    .map(([field, value]) => `${field}: ${value}\n`);
  return `types: deb\nsuites: ${suite}\ncomponents: main\n${kept.join('')}`;
}

function parseDeb822(text: string): Stanza[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const stanzas = lines.join('\n').split(/\n\s*\n/);
  return stanzas.map(parseStanza).filter((stanza) => stanza.size > 0);
}

/** A value goes on in lines that begin with a space, as a key within the field Signed-By does. */
function parseStanza(text: string): Stanza {
  const fields = text.replace(/\r/g, '').split(/\n(?![ \t])/);
  const pairs = fields.map((field) => /^([\w-]+)[ \t]*:[ \t]*([\s\S]*)$/.exec(field.trimEnd()));
  return new Map(pairs.flatMap((pair) => (pair?.[1] ? [[pair[1].toLowerCase(), pair[2] ?? '']] : [])));
}

/** What the options in brackets are called in the other form, where the name differs. */
const optionFields: Readonly<Record<string, string>> = { arch: 'architectures', lang: 'languages', target: 'targets' };

function parseOneLine(line: string): Stanza[] {
  const match = /^\s*(deb(?:-src)?)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
  if (match === null) return [];
  const [, type = '', options, uri = '', suite = '', components = ''] = match;
  const fields = words(options).map((option): [string, string] => {
    const [name = '', value = ''] = option.split('=');
    return [optionFields[name.toLowerCase()] ?? name.toLowerCase(), value.replaceAll(',', ' ')];
  });
  return [new Map([['types', type], ['uris', uri], ['suites', suite], ['components', components.trim()], ...fields])];
}

function words(value: string | undefined): string[] {
  return (value ?? '').split(/\s+/).filter((word) => word !== '');
}
