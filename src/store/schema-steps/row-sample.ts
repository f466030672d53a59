/** Rows for every table of a schema at any of its steps, made from what the database says of its own tables. For tests. */

import type { RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { DialectName, StepDatabase } from './step.ts'

type Column = {
  readonly name: string
  readonly kind: 'text' | 'whole' | 'real' | 'bytes'
  /** The database numbers it by itself. */
  readonly isNumbered: boolean
  readonly isNeeded: boolean
}
type Reference = { readonly columns: readonly string[]; readonly table: string; readonly of: readonly string[] }

export type TableShape = {
  readonly name: string
  readonly columns: readonly Column[]
  readonly references: readonly Reference[]
}

type Cell = string | number | null | Uint8Array
export type SampleRow = Readonly<Record<string, unknown>>

const rowsOf = async (database: StepDatabase, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  (await sql.raw<Record<string, unknown>>(text).execute(database)).rows

const kindOf = (type: string): Column['kind'] => {
  if (/int/i.test(type)) return 'whole'
  if (/real|double/i.test(type)) return 'real'
  return /blob|bytea/i.test(type) ? 'bytes' : 'text'
}

/** What a database says of its columns and references, the same of both dialects. `needed`: not null, and nothing stands in. */
const questions = {
  sqlite: {
    columns: `select t.name as "table", c.name, c.type, c."notnull" = 1 and c.dflt_value is null as needed,
        t.sql like '%autoincrement%' and c.pk = 1 as numbered
      from sqlite_schema t join pragma_table_info(t.name) c
      where t.type = 'table' and t.name not like 'sqlite_%' order by t.name, c.cid`,
    references: `select t.name as "table", f."from" as "column", f."table" as parent, f."to" as of, f.id as number
      from sqlite_schema t join pragma_foreign_key_list(t.name) f where t.type = 'table' order by t.name, f.id, f.seq`,
  },
  postgres: {
    columns: `select c.relname as "table", a.attname as name, format_type(a.atttypid, null) as type,
        a.attnotnull and not a.atthasdef and a.attidentity = '' as needed,
        a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid), '') like 'nextval%' as numbered
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      order by c.relname, a.attnum`,
    references: `select c.relname as "table", a.attname as "column", p.relname as parent, b.attname as of, k.oid::bigint as number
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
        join lateral unnest(k.conkey, k.confkey) with ordinality as u (own, other, place) on true
        join pg_attribute a on a.attrelid = c.oid and a.attnum = u.own
        join pg_attribute b on b.attrelid = p.oid and b.attnum = u.other
      where k.contype = 'f' and c.relnamespace = current_schema()::regnamespace order by c.relname, k.oid, u.place`,
  },
} as const

const isTrue = (value: unknown): boolean => value === true || Number(value) === 1

/** All tables but the list of steps, each after those that it refers to. */
export const shapeOf = async (database: StepDatabase, dialect: DialectName): Promise<readonly TableShape[]> => {
  const tables = new Map<string, { name: string; columns: Column[]; references: Reference[] }>()
  for (const { table, name, type, needed, numbered } of await rowsOf(database, questions[dialect].columns)) {
    const shape = tables.get(String(table)) ?? { name: String(table), columns: [], references: [] }
    shape.columns.push({
      name: String(name),
      kind: kindOf(String(type)),
      isNumbered: isTrue(numbered),
      isNeeded: isTrue(needed),
    })
    tables.set(String(table), shape)
  }
  const grouped = Map.groupBy(
    await rowsOf(database, questions[dialect].references),
    ({ table, number }) => `${table} ${number}`,
  )
  for (const [first, ...others] of grouped.values()) {
    const all = first === undefined ? [] : [first, ...others]
    tables.get(String(first?.['table']))?.references.push({
      columns: all.map(({ column }) => String(column)),
      table: String(first?.['parent']),
      of: all.map(({ of }) => String(of)),
    })
  }
  tables.delete('schema_step')
  const ordered = new Set<string>()
  const place = (name: string): void => {
    if (ordered.has(name)) return
    for (const { table } of tables.get(name)?.references ?? []) if (table !== name) place(table)
    ordered.add(name)
  }
  for (const name of tables.keys()) place(name)
  return [...ordered].flatMap((name) => tables.get(name) ?? [])
}

/** Of columns that take some values only; a step that makes such a column says here what a row of it looks like. */
const given: Readonly<Record<string, Cell>> = {
  role: 'developer',
  billing: 'prepaid',
  purpose: 'model',
  period: 'day',
  budget_period: 'day',
  single: 1,
  currency: 'USD',
  grain: 'day',
  level: 'all',
  test: 0,
  wide: 0,
  usage_cost: 0,
  one_per_account: 0,
  begun: 0,
  enabled: 0,
  state: 'open',
  granted_nano_usd: 10,
  fee_nano: 0,
  fate: 0,
  'hold.charged_nano_usd': null,
  'hold.ended_ms': null,
  'lot.kind': 'paid',
  'book_transaction.kind': 'grant',
  'budget.kind': 'key',
  'code_batch.kind': 'paid',
  'price_entry.kind': 'list',
  'document.kind': 'invoice',
  'fapiao_request.kind': 'ordinary',
  'delivery.state': 'pending',
  'kept_answer.state': 'running',
  'kept_answer.head': null,
  'signup.state': 'unverified',
  'signup.lot': null,
  'person.password': '$argon2id$',
  'session.key': null,
  'payment_order.state': 'created',
  'payment_order.transaction_id': null,
  'payment_refund.state': 'pending',
  'fapiao_request.state': 'requested',
}

const cellOf = (table: string, { name, kind }: Column, number: number): Cell => {
  for (const place of [`${table}.${name}`, name]) if (given[place] !== undefined) return given[place]
  if (kind === 'text') return `${table}.${name}.${number}`
  if (kind === 'bytes') return Buffer.from(`${table}.${name}.${number}`)
  return kind === 'real' ? number + 0.5 : number
}

const literal = (value: unknown): RawBuilder<unknown> =>
  value instanceof Uint8Array ? sql`${Buffer.from(value)}` : sql`${value}`

/** Writes one row, of these columns only; what the database numbers by itself is left to it. */
export const putRow = async (
  database: StepDatabase,
  { name, columns, references }: TableShape,
  number: number,
): Promise<void> => {
  const row = new Map<string, unknown>()
  for (const column of columns) if (!column.isNumbered) row.set(column.name, cellOf(name, column, number))
  for (const { columns: own, table, of } of references) {
    const parents = await rowsOf(database, `select ${of.map((one) => `"${one}"`).join(', ')} from "${table}"`)
    const parent = parents[(number - 1) % parents.length]
    for (const [place, column] of own.entries())
      row.set(column, parent === undefined || table === name ? null : parent[of[place] as string])
  }
  const values = sql.join([...row.values()].map(literal))
  await sql`insert into ${sql.ref(name)} (${sql.join([...row.keys()].map((one) => sql.ref(one)))}) values (${values})`
    .execute(database)
    .catch((error: unknown) => {
      throw new Error(`a sample row of ${name} is refused: say in row-sample.ts what one looks like`, { cause: error })
    })
}

const cellText = (cell: unknown): string =>
  cell instanceof Uint8Array ? `x${Buffer.from(cell).toString('hex')}` : `${typeof cell} ${String(cell)}`

/** All rows, as texts that can be compared. */
export const dumpOf = async (database: StepDatabase, { name }: TableShape): Promise<readonly SampleRow[]> => {
  const rows = await rowsOf(database, `select * from "${name}"`)
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, cellText(cell)])))
}
