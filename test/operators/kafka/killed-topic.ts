/** The topic that a writer writes which is killed. */
export const killedTopic = { name: 'numbers', partitions: 3 };
