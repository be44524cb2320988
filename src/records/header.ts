/** Where the fields of a batch's header stand, in bytes from its start (Kafka's documentation, Record Batch). */
export const BASE_OFFSET = 0;
export const LENGTH = 8;
export const LEADER_EPOCH = 12;
export const MAGIC = 16;
export const CRC = 17;
/** What the checksum covers begins here. */
export const ATTRIBUTES = 21;
export const LAST_DELTA = 23;
export const BASE_TIMESTAMP = 27;
export const MAX_TIMESTAMP = 35;
export const PRODUCER_ID = 43;
export const PRODUCER_EPOCH = 51;
export const BASE_SEQUENCE = 53;
export const COUNT = 57;
/** The size of the header. */
export const SIZE = 61;
/** How much of it the length does not count. */
export const UNCOUNTED = 12;
