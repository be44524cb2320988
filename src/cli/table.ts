/** Lines of columns, each as wide as what is widest in it; numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = head.map((name, column) =>
    rows.reduce((most, row) => Math.max(most, `${row[column]}`.length), name.length),
  );
  const isNumber = head.map((_, column) => rows.every((row) => /^[\d.]*%?$/.test(`${row[column]}`)));
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return isNumber[column] === true ? `${cell}`.padStart(width) : `${cell}`.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
