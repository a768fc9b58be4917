/** Who listens on what, found token by token as in nats-server's sublist: the cost does not grow with who else listens. */
interface Branch<Listener> {
  readonly children: Map<string, Branch<Listener>>;
  /** Of subjects that end here. */
  readonly here: Set<Listener>;
  /** Of `>` in the place of the next token. */
  readonly rest: Set<Listener>;
}

export class SubjectTree<Listener> {
  readonly #root: Branch<Listener> = branch();

  add(filter: string, listener: Listener): void {
    let at = this.#root;
    for (const token of filter.split('.')) {
      if (token === '>') {
        at.rest.add(listener);
        return;
      }
      let next = at.children.get(token);
      if (next === undefined) {
        next = branch();
        at.children.set(token, next);
      }
      at = next;
    }
    at.here.add(listener);
  }

  remove(filter: string, listener: Listener): void {
    remove(this.#root, filter.split('.'), 0, listener);
  }

  match(subject: string): Listener[] {
    const found: Listener[] = [];
    collect(this.#root, subject.split('.'), 0, found);
    return found;
  }
}

function branch<Listener>(): Branch<Listener> {
  return { children: new Map(), here: new Set(), rest: new Set() };
}

function collect<Listener>(at: Branch<Listener>, tokens: readonly string[], index: number, found: Listener[]): void {
  const token = tokens[index];
  if (token === undefined) {
    found.push(...at.here);
    return;
  }
  found.push(...at.rest);
  const same = at.children.get(token);
  if (same !== undefined) collect(same, tokens, index + 1, found);
  const any = at.children.get('*');
  if (any !== undefined) collect(any, tokens, index + 1, found);
}

function remove<Listener>(at: Branch<Listener>, tokens: readonly string[], index: number, listener: Listener): void {
  const token = tokens[index];
  if (token === undefined) at.here.delete(listener);
  else if (token === '>') at.rest.delete(listener);
  else {
    const next = at.children.get(token);
    if (next === undefined) return;
    remove(next, tokens, index + 1, listener);
    if (next.here.size + next.rest.size + next.children.size === 0) at.children.delete(token);
  }
}
