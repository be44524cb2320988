import { count, time } from './format.ts';
import type { Model } from './model.ts';

/** Starts and exits, the newest first. */
export const EventFeed = ({ model: { news, events } }: { model: Model }) => (
  <section class="card events" aria-labelledby="events">
    <header>
      <h2 id="events">Starts and exits</h2>
      <p class="note">
        {count(events.passedOver)} missed, {count(events.repeated)} repeated
      </p>
    </header>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
    <section class="scroll" tabIndex={0} aria-label="List of starts and exits">
      {news.length === 0 && <p class="empty">None so far. Start a program, and it is here.</p>}
      <ol>
        {news.map(({ place, event, pid, name, at }) => (
          <li key={place} class={event}>
            <time>{time(at)}</time>
            <b>{event}</b>
            <span class="name">{name}</span>
            <span class="pid">{pid}</span>
          </li>
        ))}
      </ol>
    </section>
  </section>
);
