import { ClusterUnavailableError, type JaegisError, NoHostError, type View } from '@jaegis/core';
import { hasLabels, type Labels } from './placement.ts';

/** Why nobody is the owner of something by this view. */
export function noOwner(what: string, labels: Labels, view: View): JaegisError {
  const { members } = view;
  if (members.length === 0) return unavailable('The view holds no member: no node of this cluster is up.');
  if (members.some((member) => hasLabels(member, labels))) {
    return unavailable(`No node takes ${what} just now: those that could are on their way out, or have the weight 0.`);
  }
  const missing = labels.filter((label) => !members.some((member) => hasLabels(member, [label])));
  const text =
    missing.length > 0 ? `no node has the label ${quoted(missing)}` : `no node has all the labels ${quoted(labels)}`;
  return new NoHostError(`${what} can live nowhere: ${text}.`, { data: { what, labels, missing } });
}

function unavailable(text: string): JaegisError {
  return new ClusterUnavailableError(text);
}

function quoted(labels: Labels): string {
  return labels.map((label) => JSON.stringify(label)).join(', ');
}
