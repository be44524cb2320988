const counts = new Intl.NumberFormat('en');
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

export const count = (value: number): string => counts.format(value);
export const percent = (value: number): string => `${tenths.format(value)} %`;
export const time = (ms: number): string => clock.format(ms);

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes, in the largest unit of which there is one. */
export function bytes(value: number): string {
  let [scaled, unit] = [value / 1024, 0];
  for (; scaled >= 1024 && unit < UNITS.length - 1; unit += 1) scaled /= 1024;
  return `${scaled > 0 && scaled < 10 ? tenths.format(scaled) : count(Math.round(scaled))} ${UNITS[unit]}`;
}
