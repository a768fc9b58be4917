/** Scripts that complete the command in a shell, made from its commands, options and operands. */
import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;

interface Known {
  readonly name: string;
  readonly about: string;
  readonly options: readonly { readonly long: string; readonly about: string; readonly takes: string | undefined }[];
  /** What its operand may be: nodes or addresses of the cluster, or files. */
  readonly operand: 'nodes' | 'addresses' | 'files' | undefined;
}

/** Undefined for a shell that is not known. */
export function completionScript(program: Command, shell: string): string | undefined {
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help')
    .map(known);
  if (shell === 'bash') return bash(commands);
  if (shell === 'zsh') return `#compdef jaegis\nautoload -U bashcompinit && bashcompinit\n${bash(commands)}`;
  return shell === 'fish' ? fish(commands) : undefined;
}

function known(command: Command): Known {
  // What follows a command of its own is completed with the options of both.
  const given = [command, ...command.commands].flatMap(({ options }) => options);
  const options = given.flatMap(({ long, description, required, optional }) =>
    long ? [{ long, about: description, takes: required || optional ? 'a value' : undefined }] : [],
  );
  const [first] = command.registeredArguments;
  return { name: command.name(), about: command.description(), options, operand: operandOf(first?.name()) };
}

function operandOf(name: string | undefined): Known['operand'] {
  if (name === 'node') return 'nodes';
  if (name === 'address' || name === 'entity') return 'addresses';
  return name === 'file' || name === 'folder' ? 'files' : undefined;
}

function bash(commands: readonly Known[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map(({ name, options, operand }) => {
    const flags = options.map(({ long }) => long).join(' ');
    return `    ${name}) options="${flags}"; operand="${operand ?? ''}" ;;`;
  });
  return `_jaegis() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" options="" operand=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  case "$current:$previous" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")); return ;;
    *:--node) operand=nodes ;;
    *:--app | *:--config | *:--out | *:--svg | *:*-file | *:*-creds | *:--tls-*) operand=files ;;
  esac
  case "$operand" in
    nodes | addresses) COMPREPLY=($(compgen -W "$(jaegis complete "$operand" 2>/dev/null)" -- "$current"))
      case "\${COMPREPLY[0]}" in */) compopt -o nospace 2>/dev/null ;; esac ;;
    files) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -F _jaegis jaegis`;
}

function fish(commands: readonly Known[]): string {
  const lines = commands.flatMap(({ name, about, options, operand }) => {
    const here = `complete -c jaegis -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c jaegis -n __fish_use_subcommand -f -a ${name} -d ${quoted(about)}`,
      ...options.map(({ long, about: what, takes }) => {
        const value = takes === undefined ? '' : ' -r';
        return `${here} -l ${long.slice(2)}${value} -d ${quoted(what)}`;
      }),
      ...(operand === 'nodes' || operand === 'addresses'
        ? [`${here} -f -a '(jaegis complete ${operand} 2>/dev/null)'`]
        : []),
      ...(operand === undefined ? [`${here} -f`] : []),
    ];
  });
  return lines.join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
