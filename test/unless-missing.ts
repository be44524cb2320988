/**
 * A `describe` for tests that need something which not every machine has. Where it is missing they are skipped loudly, and
 * with `CI` set to `true` they fail.
 *
 * @param need what they need, in words
 * @param reason what is missing, or undefined when nothing is
 */
export function unlessMissing(need: string, reason: string | undefined, name: string, tests: () => void): void {
  if (reason === undefined) {
    describe(name, tests);
    return;
  }
  if (process.env.CI === 'true') {
    test(`${name} needs ${need}`, () => {
      throw new Error(`${reason}; with CI=true the tests that need ${need} must run`);
    });
    return;
  }
  console.warn(`DID NOT RUN: "${name}" needs ${need}, and this machine cannot run one: ${reason}.`);
  describe.skip(`${name} [DID NOT RUN: ${reason}]`, tests);
}
