/** Whether a topic can have this name: Kafka allows 1 to 249 letters, digits, `.`, `_` and `-`, but for `.` and `..`. */
export const isTopicName = (name: string): boolean => /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/.test(name);
