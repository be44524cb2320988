import fc from 'fast-check';
import { held, specs } from './specs.ts';

for (const [operator, list] of Object.entries(specs)) {
  describe(operator, () => {
    for (const spec of list) held(spec, { test: it, fc });
  });
}
