import type { Plan, Planned } from './resolve.ts';
import type { Source } from './source.ts';

/**
 * Warns of guards that no binding has look at what clients show, so that they recognise nobody. One that says who this graph
 * itself is to others has something to do, too. Without a server it is code that opens streams, and knows for whom.
 */
export function findIdleGuards(source: Source, { guards, bindings }: Plan): void {
  const all = [...bindings.values()];
  if (source.failed || all.every(({ kind }) => kind.entry !== 'none')) return;
  const asked = new Set(all.filter(({ kind }) => kind.recognises).flatMap(guardsOf));
  const shown = new Set(all.flatMap(guardsOf));
  for (const [name, { type, pointer }] of guards) {
    if (asked.has(name) || (type === 'inline' && shown.has(name))) continue;
    source.warning(
      'CONFIG_IDLE_GUARD',
      source.place(pointer).key,
      `\`${name}\` recognises nobody, since no http server has it look at what clients show`,
      `name it in \`authorization\` of an http server, or leave it out`,
    );
  }
}

const guardsOf = ({ kind, options = {} }: Planned): readonly string[] => kind.guards?.(options as never) ?? [];
