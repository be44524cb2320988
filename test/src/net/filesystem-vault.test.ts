import { mkdirSync, writeFileSync } from 'node:fs';
import { type FilesystemVaultOptions, filesystemVault } from '../../../src/net/filesystem-vault.ts';
import { Certificates } from './certificates.ts';

const made = new Certificates();
const SECRET = 'n0t-in-any-message';

beforeAll(() => {
  made.self('ca');
  made.self('other-ca');
  made.signed('server', 'ca', ['localhost', 'www.example.org']);
  made.signed('client', 'other-ca');
  made.join('keys.pem', 'server.key', 'server.pem', 'client.pem', 'client.key', 'ca.pem');
  made.join('trust.pem', 'ca.pem', 'other-ca.pem');
  made.openssl('pkcs8', '-topk8', '-in', 'server.key', '-out', 'locked.key', '-passout', `pass:${SECRET}`);
  made.join('locked.pem', 'locked.key', 'server.pem');
  const server = ['-in', 'server.pem', '-inkey', 'server.key', '-certfile', 'ca.pem', '-name', 'My Server'];
  made.pkcs12('keys.p12', [...server, '-passout', `pass:${SECRET}`]);
  const old = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];
  made.pkcs12('old.p12', [...server, ...old, '-passout', `pass:${SECRET}`]);
  made.pkcs12('empty-password.p12', [...server, '-passout', 'pass:']);
  made.pkcs12('no-mac.p12', [...server, '-nomac', '-passout', `pass:${SECRET}`]);
  const trusted = ['-nokeys', '-in', 'trust.pem', '-caname', 'first'];
  writeFileSync(made.path('old.jks'), Buffer.from('feedfeed00000002', 'hex'));
  made.pkcs12('trust.p12', [...trusted, '-passout', `pass:${SECRET}`]);
});

afterAll(() => made.remove());

const vaultOf = (options: FilesystemVaultOptions) => filesystemVault(options, made.directory);

describe('a filesystem vault', () => {
  it.each(['server', 'SERVER', 'localhost', 'www.example.org'])('finds the key of %s in a pem file', (name) => {
    const [entry, ...more] = vaultOf({ keys: { type: 'pem', store: 'keys.pem' } }).keys([name]);
    expect(more).toEqual([]);
    expect(entry?.key).toContain('BEGIN PRIVATE KEY');
    expect(entry?.cert).toBe(made.read('server.pem') + made.read('ca.pem'));
    expect(entry?.hosts).toEqual(['localhost', 'www.example.org']);
  });

  it.each(['keys.p12', 'old.p12', 'no-mac.p12'])('finds a key by its friendly name in %s', (store) => {
    const vault = vaultOf({ keys: { store, password: SECRET } });
    const [entry] = vault.keys(['my server']);
    expect(entry?.cert).toBe(made.read('server.pem') + made.read('ca.pem'));
    expect(vault.keys(['localhost'])).toEqual([entry]);
  });

  it('opens a store without a password', () => {
    expect(vaultOf({ keys: { store: 'empty-password.p12' } }).keys()).toHaveLength(1);
  });

  it.each<[string, FilesystemVaultOptions['trust'] & object]>([
    ['pem', { type: 'pem', store: 'trust.pem' }],
    ['pkcs12', { type: 'pkcs12', store: 'trust.p12', password: SECRET }],
    ['jks that is pkcs12', { type: 'jks', store: 'trust.p12', password: SECRET }],
  ])('gives the certificates of a %s store to trust', (_, trust) => {
    const vault = vaultOf({ trust });
    expect(vault.trust()).toEqual([made.read('ca.pem'), made.read('other-ca.pem')]);
    expect(vault.trust(['other-ca'])).toEqual([made.read('other-ca.pem')]);
    expect(vaultOf({ trust: { ...trust, entries: ['ca'] } }).trust()).toEqual([made.read('ca.pem')]);
  });

  it('gives the keys that a signer has signed', () => {
    const signers = { type: 'pem', store: 'trust.pem' } as const;
    const vault = vaultOf({ keys: { type: 'pem', store: 'keys.pem' }, signers });
    expect(vault.signed(['ca']).map(({ hosts }) => hosts)).toEqual([['localhost', 'www.example.org']]);
    expect(vault.signed(['other-ca']).map(({ cert }) => cert)).toEqual([made.read('client.pem')]);
    const serverOnly = { type: 'pem', store: 'keys.pem', entries: ['server'] } as const;
    const unsigned = vaultOf({ keys: serverOnly, signers });
    expect(() => unsigned.signed(['other-ca'])).toThrow(/VAULT_ENTRY.*keys\.pem.*other-ca/);
  });

  it('reads the files of a folder', () => {
    mkdirSync(made.path('folder'));
    made.join('folder/left.pem', 'server.key', 'server.pem');
    made.join('folder/right.pem', 'client.key', 'client.pem');
    const vault = vaultOf({ keys: { type: 'pem', store: 'folder' } });
    expect(vault.keys(['right']).map(({ cert }) => cert)).toEqual([made.read('client.pem')]);
    expect(vault.keys()).toHaveLength(2);
  });

  it('opens an encrypted key', () => {
    const keys = { type: 'pem', store: 'locked.pem', password: SECRET } as const;
    expect(vaultOf({ keys }).keys(['server'])).toHaveLength(1);
  });

  it.each<[string, FilesystemVaultOptions, RegExp]>([
    ['is not there', { keys: { store: 'nowhere.p12' } }, /VAULT_UNREADABLE: keys store .*nowhere\.p12.*ENOENT/],
    ['wants a password', { keys: { store: 'keys.p12' } }, /VAULT_PASSWORD: keys store .*keys\.p12 needs a password/],
    [
      'wants another password',
      { keys: { store: 'keys.p12', password: `${SECRET}!` } },
      /VAULT_PASSWORD: keys store .*keys\.p12 does not open/,
    ],
    [
      'wants another password and has no mac',
      { keys: { store: 'no-mac.p12', password: `${SECRET}!` } },
      /VAULT_PASSWORD: keys store .*no-mac\.p12/,
    ],
    ['has a locked key', { keys: { type: 'pem', store: 'locked.pem' } }, /VAULT_PASSWORD: keys store .*locked\.pem/],
    [
      'has a key locked otherwise',
      { keys: { type: 'pem', store: 'locked.pem', password: `${SECRET}!` } },
      /VAULT_PASSWORD: keys store .*locked\.pem/,
    ],
    ['is pem, not pkcs12', { keys: { store: 'keys.pem' } }, /VAULT_INVALID: keys store .*keys\.pem.*say type: pem/],
    ['is not pem', { trust: { type: 'pem', store: 'keys.p12' } }, /VAULT_INVALID: trust store .*no certificate/],
    ['has no key', { keys: { type: 'pem', store: 'trust.pem' } }, /VAULT_INVALID: keys store .*no private key/],
    ['has no certificate', { keys: { type: 'pem', store: 'ca.key' } }, /VAULT_INVALID.*without its certificate/],
    ['is of the old jks', { trust: { type: 'jks', store: 'old.jks' } }, /VAULT_INVALID: trust store .*old JKS format/],
    ['is of no such type', { keys: { type: 'jceks' as 'pem', store: 'keys.p12' } }, /OPTION_INVALID.*jceks/],
  ])('names a store that %s, and no password', (_, options, message) => {
    expect(() => vaultOf(options)).toThrow(message);
    try {
      vaultOf(options);
    } catch (error) {
      expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain(SECRET);
    }
  });

  it('names the entry that it does not have, and those that it has', () => {
    const vault = vaultOf({ keys: { type: 'pem', store: 'keys.pem' } });
    expect(() => vault.keys(['sever'])).toThrow(/VAULT_ENTRY: keys store .*keys\.pem has no entry sever, only/);
    expect(() => vault.trust(['ca'])).toThrow(/VAULT_ENTRY: the vault has no trust, so no ca/);
  });

  it('refuses any store that is cut short or scrambled, with a code', () => {
    const whole = Buffer.from(made.read('keys.p12'), 'latin1');
    expect(whole.length).toBeGreaterThan(0);
    for (let length = 0; length < 400; length += 7) {
      made.write('cut.p12', whole.subarray(0, length).toString('latin1'));
      expect(() => vaultOf({ keys: { store: 'cut.p12', password: SECRET } })).toThrow(/VAULT_(INVALID|PASSWORD)/);
    }
  });
});
