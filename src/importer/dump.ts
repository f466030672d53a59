/** Tables from a SQL dump: `COPY … FROM stdin` and `INSERT INTO`, as pg_dump, mysqldump and sqlite3 `.dump` write them. */

import type { ForeignRow, ForeignTables } from './plan.ts'

const bare = (name: string): string =>
  name
    .replace(/^.*\./, '')
    .replace(/["`[\]]/g, '')
    .trim()
const columnsOf = (text: string): readonly string[] => text.split(',').map(bare)

const copyEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' }
const copyValue = (text: string): string | null =>
  text === '\\N' ? null : text.replace(/\\(.)/g, (_all, one: string) => copyEscapes[one] ?? one)

const literal = (token: string): unknown => {
  const text = token.trim()
  if (/^null$/i.test(text)) return null
  if (/^(?:e|n)?'/i.test(text)) {
    const inside = text.replace(/^[en]?'/i, '').replace(/'$/, '')
    return inside
      .replace(/''/g, "'")
      .replace(/\\(['"\\])/g, '$1')
      .replace(/\\n/g, '\n')
  }
  return text
}

const tokenForm = /'(?:[^'\\]|''|\\.)*'|[(),;]|[^'(),;]+/gs

/** The groups `(…),(…)` of an INSERT's values, each as its texts; a text in quotes may hold anything. */
const groupsOf = (text: string): readonly (readonly string[])[] => {
  const groups: string[][] = []
  let group: string[] = []
  let piece = ''
  let depth = 0
  for (const [token] of text.matchAll(tokenForm)) {
    if (token === ';' && depth === 0) break
    if (token === '(') depth += 1
    if (token === ')') depth -= 1
    const isEdge = (token === '(' && depth === 1) || (token === ')' && depth === 0)
    if (token === ')' && depth === 0) {
      groups.push([...group, piece])
      group = []
      piece = ''
    } else if (token === ',' && depth === 1) {
      group.push(piece)
      piece = ''
    } else if (depth > 0 && !isEdge) piece += token
  }
  return groups
}

const insertForm = /^INSERT (?:IGNORE )?INTO\s+(\S+?)\s*(?:\(([^)]*)\))?\s*VALUES\s*/i
const copyForm = /^COPY\s+(\S+)\s*\(([^)]*)\)\s+FROM\s+stdin/i
const createForm = /^CREATE TABLE (?:IF NOT EXISTS )?(\S+?)\s*\(/i

/** Columns of a `CREATE TABLE`, for inserts that do not name theirs. */
const declared = (lines: readonly string[], from: number): readonly string[] => {
  const columns: string[] = []
  for (let index = from + 1; index < lines.length && !/^\s*\)/.test(lines[index] ?? ''); index += 1) {
    const match = /^\s*["`[]?([A-Za-z_]\w*)["`\]]?\s+[A-Za-z]/.exec(lines[index] ?? '')
    if (match?.[1] !== undefined && !/^(primary|unique|key|constraint|index|foreign|check)$/i.test(match[1]))
      columns.push(match[1])
  }
  return columns
}

type Dump = { readonly lines: readonly string[]; readonly tables: Record<string, ForeignRow[]> }

const addRow = ({ tables }: Dump, table: string, cells: readonly (readonly [string, unknown])[]): void => {
  const rows = tables[table] ?? []
  rows.push(Object.fromEntries(cells))
  tables[table] = rows
}

const paired = (columns: readonly string[], values: readonly unknown[]) =>
  columns.map((column, index) => [column, values[index] ?? null] as const)

/** Gives the line on which the rows of a COPY end. */
const readCopy = (dump: Dump, from: number, match: RegExpExecArray): number => {
  const columns = columnsOf(match[2] ?? '')
  let index = from + 1
  while (index < dump.lines.length && dump.lines[index] !== '\\.') {
    addRow(dump, bare(match[1] ?? ''), paired(columns, (dump.lines[index] ?? '').split('\t').map(copyValue)))
    index += 1
  }
  return index
}

/** Gives the line on which an INSERT ends. */
const readInsert = (
  dump: Dump,
  from: number,
  { match, known }: { readonly match: RegExpExecArray; readonly known: ReadonlyMap<string, readonly string[]> },
): number => {
  let index = from
  let statement = (dump.lines[index] ?? '').slice(match[0].length)
  while (!/;\s*$/.test(statement) && index + 1 < dump.lines.length) {
    index += 1
    statement += `\n${dump.lines[index] ?? ''}`
  }
  const table = bare(match[1] ?? '')
  const columns = match[2] === undefined ? (known.get(table) ?? []) : columnsOf(match[2])
  for (const group of groupsOf(statement)) addRow(dump, table, paired(columns, group.map(literal)))
  return index
}

/** All rows of the dump, by table. */
export const tablesOfDump = (text: string): ForeignTables => {
  const dump: Dump = { lines: text.split(/\r?\n/), tables: {} }
  const known = new Map<string, readonly string[]>()
  let index = 0
  while (index < dump.lines.length) {
    const line = dump.lines[index] ?? ''
    const [created, copied, inserted] = [createForm.exec(line), copyForm.exec(line), insertForm.exec(line)]
    if (created !== null) known.set(bare(created[1] ?? ''), declared(dump.lines, index))
    if (copied !== null) index = readCopy(dump, index, copied)
    else if (inserted !== null) index = readInsert(dump, index, { match: inserted, known })
    index += 1
  }
  return dump.tables
}
