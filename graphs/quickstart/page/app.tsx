import { EventFeed } from './event-feed.tsx';
import type { StreamState } from './event-stream.ts';
import type { Model } from './model.ts';
import { PausePanel } from './pause-panel.tsx';
import { ProcessTable } from './process-table.tsx';

export const App = ({ model }: { model: Model }) => (
  <>
    <header class="top">
      <h1>
        sluice <small>the processes of this machine, through a log</small>
      </h1>
      <Connection state={model.streams.live.state} />
    </header>
    <main>
      <ProcessTable rows={model.live.rows} />
      <PausePanel model={model} />
      <EventFeed model={model} />
    </main>
  </>
);

const CONNECTION: Record<StreamState, string> = {
  closed: 'closed',
  connecting: 'connecting',
  open: 'live',
  lost: 'reconnecting',
};

const Connection = ({ state }: { state: StreamState }) => (
  <p class={`connection ${state}`} role="status">
    {CONNECTION[state]}
  </p>
);
