/** Tables and lists for people. What is stored never moves the cursor of a terminal. */

type Cell = string | number | boolean | null | undefined

const cellLengthMax = 60

const cell = (value: Cell): string => {
  const text = value === null || value === undefined ? '-' : String(value).replace(/\p{Cc}|\p{Cf}/gu, '?')
  return text.length > cellLengthMax ? `${text.slice(0, cellLengthMax - 1)}…` : text
}

/** A few items of a list; `-` where there is none. */
export const listText = (items: readonly string[] | null): string | null => {
  if (items === null || items.length === 0) return null
  return items.length > 3 ? `${items.slice(0, 3).join(', ')} +${items.length - 3}` : items.join(', ')
}

/** Rows in columns as wide as their widest cell, under headings unless `null`; one line a row, each with its line end. */
export const table = (headings: readonly string[] | null, rows: readonly (readonly Cell[])[]): string => {
  const lines = [...(headings === null ? [] : [headings]), ...rows].map((row) => row.map(cell))
  const widths = (lines[0] ?? []).map((_unused, column) => Math.max(...lines.map((row) => row[column]?.length ?? 0)))
  return lines
    .map(
      (row) =>
        `${row
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

const plain = (value: unknown): string => {
  if (value === null || value === undefined) return '-'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.replace(/\p{Cc}|\p{Cf}/gu, '?')
}

/** An object as `name  value` lines: how an output without a rendering of its own is shown. */
export const details = (output: unknown): string => {
  if (typeof output !== 'object' || output === null) return `${plain(output)}\n`
  const entries = Object.entries(output)
  const width = Math.max(0, ...entries.map(([name]) => name.length))
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${plain(value)}\n`).join('')
}
