import type { Control } from '../control.ts';
import type { Fault } from '../errors.ts';
import type { Frame } from '../frame.ts';
import type { Run } from '../run.ts';

/** A frame or control as one line of text: what it is, what it carries and costs, and nothing that is a function. */
export function describeFrame(frame: Frame | Control): string {
  switch (frame.kind) {
    case 'begin':
      return `begin ${text(frame.ext)}`;
    case 'data':
      return `data ${text(frame.payload)} reserved ${frame.reserved}`;
    case 'flush':
      return `flush ${text(frame.ext)}`;
    case 'end':
      return `end ${text(frame.ext)}`;
    case 'abort':
      return `abort ${(frame.ext as Fault | undefined)?.code ?? ''}`;
    case 'window':
      return `window ${frame.credit}`;
    case 'reset':
      return `reset ${text(frame.ext)}`;
  }
}

function text(value: unknown): string {
  if (isRun(value)) return text(Array.from({ length: value.length }, (_, index) => value.at(index)));
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? '';
}

const isRun = (value: unknown): value is Run<unknown> =>
  typeof value === 'object' && value !== null && 'pick' in value && 'cost' in value;
