/** CSV as RFC 4180 has it: read whole, written line by line. */

const needsQuotes = /[",\r\n]/
/** A spreadsheet takes a text that begins so for a formula; a number may begin with a minus. */
const looksLikeFormula = /^(?:[=+@\t\r]|-(?!\d+(?:\.\d+)?$))/

/** One cell. `null` is empty, which is not the same as zero; a text that a spreadsheet would run gets an apostrophe. */
export const csvCell = (value: string | number | bigint | boolean | null): string => {
  if (value === null) return ''
  const text = String(value)
  const safe = looksLikeFormula.test(text) ? `'${text}` : text
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** One line with its end. */
export const csvLine = (cells: readonly (string | number | bigint | boolean | null)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`

type Scan = { rows: string[][]; row: string[]; cell: string; quoted: boolean }

const endCell = (scan: Scan): void => {
  scan.row.push(scan.cell)
  scan.cell = ''
}

const endRow = (scan: Scan): void => {
  endCell(scan)
  if (scan.row.length > 1 || scan.row[0] !== '') scan.rows.push(scan.row)
  scan.row = []
}

/** The cells of a text, row by row; empty lines are left out. Quotes may hold commas, line ends and doubled quotes. */
const cellsOf = (text: string): readonly (readonly string[])[] => {
  const scan: Scan = { rows: [], row: [], cell: '', quoted: false }
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index)
    if (scan.quoted) {
      if (character !== '"') scan.cell += character
      else if (text.charAt(index + 1) === '"') {
        scan.cell += '"'
        index += 1
      } else scan.quoted = false
    } else if (character === '"' && scan.cell === '') scan.quoted = true
    else if (character === ',') endCell(scan)
    else if (character === '\n') endRow(scan)
    else if (character !== '\r') scan.cell += character
  }
  if (scan.cell !== '' || scan.row.length > 0) endRow(scan)
  return scan.rows
}

/** The rows of a table with headings, each by heading (lower case, trimmed); a row that is too short lacks its last cells. */
export const csvTable = (
  text: string,
): { readonly headings: readonly string[]; readonly rows: readonly Readonly<Record<string, string>>[] } => {
  const [first = [], ...rest] = cellsOf(text.replace(/^\uFEFF/, ''))
  const headings = first.map((heading) => heading.trim().toLowerCase())
  const rows = rest.map((cells) =>
    Object.fromEntries(
      headings.flatMap((heading, column) => (cells[column] === undefined ? [] : [[heading, cells[column]]])),
    ),
  )
  return { headings, rows }
}
