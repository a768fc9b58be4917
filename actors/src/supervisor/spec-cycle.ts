/**
 * Finds a supervisor that would be its own descendant, which would start children until memory ends. Only specs that
 * are written down are seen: what a function returns is checked when it has returned it.
 */
import { inside, type Place, refusal } from './spec-error.ts';

/** @throws InvalidDefinitionError when what `start` defines contains itself, directly or by way of others. */
export function refuseCycle(place: Place, start: unknown): void {
  const done = new Set<object>();
  visit(place, start, []);

  function visit(here: Place, definition: unknown, above: readonly object[]): void {
    const spec = objectIn(definition, 'spec');
    if (spec === undefined || typeof definition !== 'object' || definition === null || done.has(definition)) return;
    if (above.includes(definition) || above.includes(spec)) throw cycle(here, definition);
    const children = objectIn(spec, 'children');
    for (const [index, child] of (Array.isArray(children) ? children : []).entries()) {
      const below = inside(here, `spec.children[${index}].start`);
      visit(below, objectIn(child, 'start'), [...above, definition, spec]);
    }
    done.add(definition);
  }
}

function cycle(place: Place, definition: object) {
  const type = 'type' in definition ? String(definition.type) : '';
  return refusal(place, 'cyclic', type, 'it is above this place already, and no supervisor can be below itself');
}

function objectIn(holder: unknown, name: string): object | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  const found: unknown = Reflect.get(holder, name);
  return typeof found === 'object' && found !== null ? found : undefined;
}
