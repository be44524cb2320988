import { SluiceError } from '../errors.ts';

/** A port, 0 to 65535, or a range of them, `"9092-9094"`. */
export type Port = number | string;

/** One value, or a list of them. */
export type OneOrMore<T> = T | readonly T[];

/** A list of what is given as one or as a list. */
export const listOf = <T extends string | number | object>(value: OneOrMore<T> | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

/** Every port of a list of ports and ranges, in order. @throws SluiceError OPTION_INVALID */
export function portsOf(port: OneOrMore<Port> | undefined): readonly number[] {
  return listOf<Port>(port).flatMap((each) => {
    const [low, high] = rangeOf(each);
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}

/** Whether `port` is among ports and ranges; no port is. @throws SluiceError OPTION_INVALID */
export function hasPort(ports: OneOrMore<Port>, port: number | undefined): boolean {
  return listOf<Port>(ports).some((each) => {
    const [low, high] = rangeOf(each);
    return port !== undefined && low <= port && port <= high;
  });
}

function rangeOf(port: Port): readonly [low: number, high: number] {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(String(port)) ?? [];
  const [low, high] = [Number(from), Number(to)];
  if (low <= high && high <= 65_535) return [low, high];
  throw new SluiceError('OPTION_INVALID', `port must be 0 to 65535, or a range such as 9092-9094, not ${port}`);
}
