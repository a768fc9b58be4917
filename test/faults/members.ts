/** Who is in a cluster of processes, and owns what, as a client sees it. */
import { ownerOf } from '@jaegis/cluster';
import type { JaegisNode } from 'jaegis';

/** Resolves when these are the members and no others. */
export function members(client: JaegisNode, ...names: string[]): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const present = new Set<string>(client.view.members.map(({ id }) => id));
      if (present.size !== names.length || !names.every((name) => present.has(name))) return;
      subscription.unsubscribe();
      resolve();
    };
    const subscription = client.onView(look);
    look();
  });
}

/** The key of an entity that the member owns by the present view. */
export function ownedBy(client: JaegisNode, type: string, name: string): string {
  const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
  const key = keys.find((each) => ownerOf({ type, key: each }, client.view)?.id === name);
  if (key === undefined) throw new Error(`${name} owns none of them`);
  return key;
}
