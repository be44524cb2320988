import type { Body } from '../protocol/kafka.ts';

/** A part of a request: bytes, or what is read when they are sent. */
export type Piece = Uint8Array | Body;

/** How many bytes all of them are. */
export const lengthOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { length }) => sum + length, 0);
