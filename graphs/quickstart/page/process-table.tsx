import { useState } from 'preact/hooks';
import type { ProcessState } from '../changes.ts';
import { bytes, count, percent } from './format.ts';

const COLUMNS = [
  { name: 'name', title: 'Process' },
  { name: 'pid', title: 'PID' },
  { name: 'cpu', title: 'CPU' },
  { name: 'memory', title: 'Memory' },
] as const;

type Column = (typeof COLUMNS)[number]['name'];

/** Most rows that are drawn; a search finds the others. */
const MOST_ROWS = 250;

/** The processes, to be sorted and searched. */
export function ProcessTable({ rows }: { rows: ReadonlyMap<number, ProcessState> }) {
  const [by, setBy] = useState<Column>('cpu');
  const [isUp, setUp] = useState(false);
  const [search, setSearch] = useState('');
  const found = matching(rows, search).sort((a, b) => (isUp ? compare(a, b, by) : compare(b, a, by)));
  const shown = found.slice(0, MOST_ROWS);

  const sort = (column: Column): void => {
    setUp(column === by ? !isUp : column === 'name' || column === 'pid');
    setBy(column);
  };

  return (
    <section class="card processes" aria-labelledby="processes">
      <header>
        <h2 id="processes">
          Processes <small>{count(rows.size)}</small>
        </h2>
        <input
          type="search"
          placeholder="Name or PID"
          aria-label="Search processes by name or PID"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="List of processes">
        <table>
          <thead>
            <tr>
              {COLUMNS.map(({ name, title }) => (
                <th key={name} class={name} aria-sort={name === by ? (isUp ? 'ascending' : 'descending') : 'none'}>
                  <button type="button" onClick={() => sort(name)}>
                    {title}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ pid, name, cpu, memory }) => (
              <tr key={pid}>
                <th scope="row" class="name" title={name}>
                  {name}
                </th>
                <td class="pid">{pid}</td>
                <td class="cpu">
                  <Bar part={cpu / 100} />
                  <Fresh text={percent(cpu)} />
                </td>
                <td class="memory">
                  <Fresh text={bytes(memory)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {shown.length === 0 && (
          <p class="empty">{rows.size === 0 ? 'None has come yet.' : `None is named ${search}.`}</p>
        )}
      </section>
      {shown.length < found.length && (
        <p class="note">
          {count(shown.length)} of {count(found.length)}: search to see others.
        </p>
      )}
    </section>
  );
}

/** Text that lights up as it changes: one that differs is an element of its own. */
const Fresh = ({ text }: { text: string }) => (
  <span key={text} class="fresh">
    {text}
  </span>
);

const Bar = ({ part }: { part: number }) => (
  <span class="bar" aria-hidden="true">
    <span style={{ width: `${Math.min(100, part * 100)}%` }} />
  </span>
);

function matching(rows: ReadonlyMap<number, ProcessState>, search: string): ProcessState[] {
  const wanted = search.trim().toLowerCase();
  return [...rows.values()].filter(({ pid, name }) => name.toLowerCase().includes(wanted) || `${pid}` === wanted);
}

/** By a column, and by pid where that says nothing. */
function compare(a: ProcessState, b: ProcessState, by: Column): number {
  const order = by === 'name' ? a.name.localeCompare(b.name) : a[by] - b[by];
  return order === 0 ? b.pid - a.pid : order;
}
