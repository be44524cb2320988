import fc from 'fast-check';
import { stageLaws } from './stage/laws.ts';

describe('stage', () => stageLaws({ test: it, fc }));
