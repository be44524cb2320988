/** The polynomial of CRC-32C (Castagnoli), reflected: bit 31 stands for x^0. */
const POLYNOMIAL = 0x82f63b78;

/**
 * The checksum of `second` behind `first`, whose own are known: that of `first` times x^(8 * length), modulo the
 * polynomial, plus that of `second`.
 *
 * @param length of `second`, in bytes
 */
export const joinCrc32c = (first: number, second: number, length: number): number =>
  (times(power(8 * length), first) ^ second) >>> 0;

/** x^n modulo the polynomial, by squaring. */
function power(n: number): number {
  let result = 0x80000000;
  let square = 0x40000000;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = times(square, result);
    square = times(square, square);
  }
  return result;
}

/** The product of two polynomials modulo that one. */
function times(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit -= 1) {
    if ((a >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}
