import { filesystemVault } from '../../src/net/filesystem-vault.ts';
import { Certificates } from '../src/net/certificates.ts';
import { chaos } from './net-chaos.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const made = new Certificates();

beforeAll(() => {
  made.self('localhost', ['localhost']);
  made.join('keys.pem', 'localhost.key', 'localhost.pem');
});

afterAll(() => made.remove());

describe(`connections opened, half-closed and reset at random (SEED=${seed})`, () => {
  it('leave no handle behind, and lose nothing that was not reset', async () => {
    const report = await chaos({ connections: 1_000, atOnce: 200, seed });
    expect({ seed, ...report }).toEqual({ seed, ...report, opened: 1_000, mistakes: [], left: [] });
    expect(report.graceful).toBeGreaterThan(100);
  });

  it('do so through TLS, too', async () => {
    const store = { type: 'pem', store: 'keys.pem' } as const;
    const vault = filesystemVault({ keys: store, trust: store }, made.directory);
    const report = await chaos({ connections: 300, atOnce: 50, seed, vault });
    expect({ seed, ...report }).toEqual({ seed, ...report, opened: 300, mistakes: [], left: [] });
    expect(report.graceful).toBeGreaterThan(30);
  });
});
