import fc from 'fast-check';
import { cacheLaws } from './cache-laws.ts';

describe('the cache', () => cacheLaws({ test: it, fc }));
