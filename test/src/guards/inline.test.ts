import { firstValueFrom } from 'rxjs';
import { type InlineGuardOptions, inlineGuard } from '../../../src/guards/inline.ts';

const identify = (options: InlineGuardOptions, shown: string) =>
  firstValueFrom(inlineGuard(options).identify(shown)).then((found) => found && [found.identity, found.credentials]);

describe('an inline guard', () => {
  it('recognises who shows its credentials, exactly', async () => {
    const options = { identity: 'app', credentials: 'secret' };

    expect(await identify(options, 'secret')).toEqual(['app', 'secret']);
    for (const shown of ['', 'secre', 'secret ', 'Secret']) expect(await identify(options, shown)).toBeUndefined();
  });

  it('recognises nobody where it has no credentials', async () => {
    expect(await identify({ identity: 'app' }, '')).toBeUndefined();
    expect(await identify({}, 'x')).toBeUndefined();
  });

  it.each([
    ['{identity}:{credentials}', 'alice:pa:ss', ['alice', 'pa:ss']],
    ['{identity}:{credentials}', 'alice', undefined],
    ['{identity}:{credentials}', ':x', undefined],
    ['{identity}:{credentials}', 'x:', undefined],
    ['<{credentials}@{identity}>', '<a@b>', ['b', 'a']],
    ['<{credentials}@{identity}>', '<a@b', undefined],
    ['<{credentials}@{identity}>', '<', undefined],
  ])('takes who shows something like %s at its word: %s', async (format, shown, expected) => {
    expect(await identify({ format, credentials: 'other' }, shown)).toEqual(expected);
  });

  it('says who the graph is to others', () => {
    expect(inlineGuard({ identity: 'app', credentials: 'secret' }).own).toMatchObject({
      identity: 'app',
      credentials: 'secret',
    });
    expect(inlineGuard({ credentials: 'token' }).own).toMatchObject({ identity: undefined, credentials: 'token' });
    expect(inlineGuard({}).own).toBeUndefined();
  });

  it.each([
    '{identity}',
    '{identity}{credentials}',
    '{identity}:{identity}',
    'x',
    '{identity}:{credentials}:{identity}',
  ])('refuses the format %s', (format) => {
    expect(() => inlineGuard({ format })).toThrow(/format/);
  });
});
