import type { Cell, Conflation, Outcome } from './conflation.ts';
import { count } from './format.ts';
import type { Model } from './model.ts';

/** A consumer that can be paused, and what it was spared. */
export function PausePanel({ model }: { model: Model }) {
  const { conflation, paused, live } = model;
  const isPaused = conflation.phase === 'paused';
  const outcome = isPaused ? conflation.soFar : conflation.outcome;
  return (
    <section class="card pausing" aria-labelledby="pausing">
      <header>
        <h2 id="pausing">A consumer of your own</h2>
        <button type="button" class="primary" onClick={() => (isPaused ? model.resume() : model.pause())}>
          {isPaused ? 'Resume' : 'Pause'}
        </button>
      </header>
      <p class="state" aria-live="polite">
        {stateOf(conflation)}
      </p>
      <dl class="figures">
        <Figure name="written" value={outcome?.written} />
        {isPaused ? (
          <Figure name="to be sent" as="waits" value={outcome?.sent} />
        ) : (
          <Figure name="sent" as="sent" value={outcome?.sent} />
        )}
        <Figure name="superseded" value={outcome?.superseded} />
      </dl>
      <Cells conflation={conflation} />
      <dl class="offsets">
        <div>
          <dt>live consumer</dt>
          <dd>
            at offset <b>{count(live.reading.position)}</b>, sent <b>{count(live.reading.sent)}</b>
          </dd>
        </div>
        <div>
          <dt>this consumer</dt>
          <dd>
            at offset <b>{count(paused.reading.position)}</b>, sent <b>{count(paused.reading.sent)}</b>
          </dd>
        </div>
      </dl>
    </section>
  );
}

function stateOf({ phase, outcome }: Conflation): string {
  if (phase === 'paused') return 'Paused. The log goes on, and of each process only the newest record waits.';
  if (phase === 'catching up') return 'Catching up.';
  if (outcome === undefined) return 'Level with the log. Pause it, and see what it is sent when it comes back.';
  return `Level with the log again: ${said(outcome)}.`;
}

const said = ({ written, sent, superseded }: Outcome): string =>
  `${count(written)} records were written, ${count(sent)} were sent, ${count(superseded)} had been superseded`;

/** A figure, in the colour of the squares that it counts. */
const Figure = ({ name, as, value }: { name: string; as?: Cell['state']; value: number | undefined }) => (
  <div class={as}>
    <dt>{name}</dt>
    <dd>{value === undefined ? '–' : count(value)}</dd>
  </div>
);

/** Each record that was written meanwhile. */
const Cells = ({ conflation: { cells } }: { conflation: Conflation }) => (
  <div class="cells" aria-hidden="true">
    {cells.length === 0 && <p>Each record that is written while it is paused is a square here.</p>}
    {cells.map(({ place, pid, state }) => (
      <i key={place} class={state} title={`pid ${pid}, offset ${place.split(':')[1]}`} />
    ))}
  </div>
);
