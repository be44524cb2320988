import fc from 'fast-check';
import { laws } from 'sluice/testing';
import { rightPassing, wrongPassing } from './wrong/passing.ts';
import { rightQueues, wrongQueues } from './wrong/queues.ts';
import { rightRelay, rightThrows, wrongRelays } from './wrong/relaying.ts';
import type { Wrong } from './wrong/wrong.ts';

/** Operators as strangers write them: what the suite is for. */
describe('an operator that', () => {
  it.each([...wrongPassing, ...wrongQueues, ...wrongRelays])(
    '$what: is caught, by "$law"',
    ({ what, law, ...spec }: Wrong) => {
      const verdicts: string[] = [];
      const test = (title: string, body: () => void): void => {
        if (title !== `it: ${law}`) return;
        try {
          body();
          verdicts.push('kept');
        } catch {
          verdicts.push('broken');
        }
      };
      laws({ test, fc, name: 'it', runs: 1_000, ...spec });
      expect(verdicts).toEqual(['broken']);
    },
  );
});

describe('the same operators without a mistake', () => {
  laws({
    ...{ test: it, fc, name: 'passing', runs: 50 },
    operator: rightPassing,
    window: 'transparent',
    delivers: 'everything',
  });
  laws({
    ...{ test: it, fc, name: 'relaying', runs: 50 },
    operator: rightRelay,
    window: 4,
    delivers: 'everything',
    throws: rightThrows,
  });
  for (const [name, spec] of Object.entries(rightQueues)) laws({ test: it, fc, name, runs: 50, ...spec });
});
