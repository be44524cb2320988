import fc from 'fast-check';
import { laws } from '../../src/testing/index.ts';
import { specs } from './specs.ts';

for (const [operator, list] of Object.entries(specs)) {
  describe(operator, () => {
    for (const spec of list) laws({ test: it, fc, ...spec });
  });
}
