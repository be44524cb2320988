import { TOPIC_CONFIGS, topicConfig } from '../../../src/cache/topic-config.ts';

describe('the configuration of a topic', () => {
  it("should have Kafka's defaults", () => {
    expect(topicConfig({ 'retention.ms': null })).toEqual({
      isCompacted: false,
      isDeleted: true,
      retentionMs: 7 * 24 * 3_600_000,
      retentionBytes: Number.POSITIVE_INFINITY,
      deleteRetentionMs: 24 * 3_600_000,
      minCompactionLagMs: 0,
      maxCompactionLagMs: 2 ** 63,
      minCleanableDirtyRatio: 0.5,
    });
  });

  it.each([
    ['compact', true, false],
    ['delete', false, true],
    ['compact,delete', true, true],
    ['delete, compact', true, true],
    ['', false, false],
  ])('should know the policy %p', (policy, isCompacted, isDeleted) => {
    expect(topicConfig({ 'cleanup.policy': policy })).toMatchObject({ isCompacted, isDeleted });
  });

  it('should take -1 for no limit', () => {
    const config = topicConfig({
      'retention.ms': '-1',
      'retention.bytes': '1024',
      'min.cleanable.dirty.ratio': '0.01',
    });
    expect(config).toMatchObject({ retentionMs: Infinity, retentionBytes: 1_024, minCleanableDirtyRatio: 0.01 });
  });

  it.each(TOPIC_CONFIGS)('should refuse what %s cannot be', (name) => {
    for (const value of ['-2', 'soon', 'NaN', ' '].filter((text) => name !== 'cleanup.policy' || text !== ' '))
      expect(() => topicConfig({ [name]: value })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
