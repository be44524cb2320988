import type { ProcessState } from '../changes.ts';
import type { StreamEvent } from './event-stream.ts';
import { Reading } from './reading.ts';

/** A record as it is applied. */
export interface Applied {
  readonly pid: number;
  /** Where it stands in the topic. */
  readonly place: string;
}

/** The processes as one consumer of the topic knows them: the last value of each key. */
export class ProcessView {
  readonly reading = new Reading();
  readonly rows = new Map<number, ProcessState>();

  /** Knows nothing, before it reads from the start. */
  forget(): void {
    this.rows.clear();
    this.reading.forget();
  }

  /** Applies a record's event; nothing if it came before. */
  apply({ type, id, data }: StreamEvent): Applied | undefined {
    const place = this.reading.record(id);
    if (place === undefined) return undefined;
    if (type === 'delete') {
      const pid = Number(keyOf(data));
      this.rows.delete(pid);
      return { pid, place };
    }
    const state: ProcessState = JSON.parse(data);
    this.rows.set(state.pid, state);
    return { pid: state.pid, place };
  }
}

/** The key of a tombstone: base64, as URLs have it. */
const keyOf = (data: string): string => atob(data.replaceAll('-', '+').replaceAll('_', '/'));
