/**
 * Many calls out of few: what a store holds of its first calls (log, holds, entries, figures, index) is repeated for later hours by the
 * database itself, with ids, places and times of their own, so that ten million calls take minutes to make. Sums, figures and
 * proofs come out as if each call had been made.
 */

import { strict as assert } from 'node:assert'
import { firstIdAt } from '#base/id.ts'
import { openDatabase } from '#store/sqlite/open-database.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const digits = '0123456789abcdefghjkmnpqrstvwxyz'
/** A bucket of the log's index. */
const callsPerBucket = 65_536

export type Repeating = {
  readonly file: string
  /** Calls that are there: whole buckets of the log's index. */
  readonly calls: number
  /** They lie in the first hours of a day, so many; a day is a multiple of it. */
  readonly hours: number
  /** How often they are there in the end. */
  readonly times: number
  readonly progress: (done: number) => void
}

type Database = Awaited<ReturnType<typeof openDatabase>>['database']
type Copy = { readonly copy: number; readonly shiftMs: number; readonly dayShiftMs: number }
type Part = {
  readonly table: string
  /** Which rows of it are repeated. */
  readonly where?: string
  /** What of a row is another in the copy: `:copy`, `:shiftMs` and `:dayShiftMs` stand for its place. */
  readonly change: Readonly<Record<string, string>>
  /** Rows that are there already: the copy is added to them, or left out. */
  readonly meets?: 'add' | 'skip'
}

const columnsOf = (database: Database, table: string): readonly { readonly name: string; readonly isKey: boolean }[] =>
  database
    .prepare(`select name, pk from pragma_table_info('${table}') order by cid`)
    .all()
    .map(({ name, pk }) => ({ name: String(name), isKey: Number(pk) > 0 }))

/** The id of the same call, later. */
const movedId = (id: string, shiftMs: number, add: number): string => {
  let timeMs = 0
  for (const digit of id.slice(5, 15)) timeMs = timeMs * 32 + digits.indexOf(digit)
  return `${firstIdAt('call', timeMs + shiftMs)}${String(Number(id.slice(15)) + add).padStart(16, '0')}`
}

const partsOf = (calls: number, transactions: number): readonly Part[] => {
  const moved = (name: string): string => `moved(${name}, :shiftMs, ${calls} * :copy)`
  const later = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, `${name} + :shiftMs`]))
  const further = (count: number, ...names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, `${name} + ${count} * :copy`]))
  const settled = "kind = 'settle'"
  const ofSettled = `transaction_sequence in (select sequence from book_transaction where ${settled})`
  const id = moved('id')
  const other = "|| '-' || :copy"
  return [
    {
      table: 'call',
      change: { ...further(calls, 'sequence'), ...later('time_ms'), id, conversation: `conversation ${other}` },
    },
    {
      table: 'hold',
      change: {
        ...further(calls, 'sequence'),
        ...later('created_ms', 'expires_ms', 'ended_ms'),
        call: moved('call'),
      },
    },
    {
      table: 'book_transaction',
      where: settled,
      change: {
        ...further(transactions, 'sequence'),
        ...later('time_ms'),
        id: `'settle/' || ${moved('call')}`,
        call: moved('call'),
      },
    },
    { table: 'book_entry', where: ofSettled, change: further(transactions, 'transaction_sequence') },
    {
      table: 'call_block',
      change: {
        ...further(calls / callsPerBucket, 'bucket'),
        ...further(calls / 16, 'block'),
        value: `case trait when 'conversation' then value ${other} else value end`,
      },
      meets: 'skip',
    },
    { table: 'call_hour', change: { ...later('hour_ms'), ...further(calls, 'first_sequence', 'last_sequence') } },
    { table: 'usage_tag', change: { day_ms: 'day_ms + :dayShiftMs' }, meets: 'skip' },
    { table: 'day_volume', change: { day_ms: 'day_ms + :dayShiftMs' }, meets: 'add' },
    { table: 'usage_rollup', where: "grain = 'hour'", change: later('start_ms') },
    { table: 'usage_rollup', where: "grain = 'day'", change: { start_ms: 'start_ms + :dayShiftMs' }, meets: 'add' },
  ]
}

/** Sets the rows aside, since copies change some of those they lie beside; gives what inserts a copy of them. */
const prepare = (database: Database, { table, where, change, meets }: Part, number: number) => {
  const base = `base_${number}`
  database.exec(`create temp table ${base} as select * from ${table} where ${where ?? '1 = 1'}`)
  const columns = columnsOf(database, table)
  const list = columns.map(({ name }) => `"${name}"`).join(', ')
  const values = columns.map(({ name }) => change[name] ?? `"${name}"`).join(', ')
  const added = columns
    .filter(({ isKey }) => !isKey)
    .map(({ name }) => `"${name}" = "${table}"."${name}" + excluded."${name}"`)
  const conflict = { add: `on conflict do update set ${added.join(', ')}`, skip: 'on conflict do nothing' }
  const text = `insert into ${table} (${list}) select ${values} from temp.${base} where true ${meets === undefined ? '' : conflict[meets]}`
  const statement = database.prepare(text)
  const names = (['copy', 'shiftMs', 'dayShiftMs'] as const).filter((name) => text.includes(`:${name}`))
  return (copy: Copy): void => {
    statement.run(Object.fromEntries(names.map((name) => [name, BigInt(copy[name])])))
  }
}

/** What the copies cost their accounts. */
const settle = (database: Database, calls: number, copies: number): void => {
  const sums = database
    .prepare(`select account, sum(charged_nano_usd) as sum from hold where sequence <= ${calls} group by account`)
    .all()
  for (const { account, sum } of sums) {
    const cost = BigInt(sum as bigint) * BigInt(copies)
    const lot = database.prepare('select id from lot where account = ?').get(account as string)
    const book = lot === undefined ? 'owed_nano_usd = owed_nano_usd +' : 'credit_nano_usd = credit_nano_usd -'
    database
      .prepare(`update account_money set ${book} ?, spent_nano_usd = spent_nano_usd + ? where account = ?`)
      .run(cost, cost, account as string)
    if (lot !== undefined)
      database
        .prepare('update lot set remaining_nano_usd = remaining_nano_usd - ? where id = ?')
        .run(cost, lot['id'] as string)
  }
}

const settledCount = (database: Database, calls: number): number => {
  const one = (text: string) => database.prepare(text).get() ?? {}
  const log = one('select min(sequence) as first, max(sequence) as last from call')
  assert.deepEqual([Number(log['first']), Number(log['last'])], [1, calls], 'the store holds other calls')
  assert.equal(Number(one('select rolled_to from usage_head')['rolled_to']), calls, 'the figures are behind the log')
  const posted = one("select min(sequence) as first, max(sequence) as last from book_transaction where kind = 'settle'")
  return Number(posted['last']) - Number(posted['first']) + 1
}

/** Repeats the calls of a store that no process has open, and that has rolled its figures. */
export const repeatStore = async ({ file, calls, hours, times, progress }: Repeating): Promise<void> => {
  assert.equal(calls % callsPerBucket, 0)
  assert.equal(24 % hours, 0)
  const { database } = await openDatabase({ file, durability: 'process', nowMs: 0, busyTimeoutMs: 0 })
  database.exec('pragma synchronous = off; pragma cache_size = -524288; pragma wal_autocheckpoint = 100000')
  // A sequence that is given goes into strict tables as it is; what refers to another row is made with it.
  database.exec('pragma foreign_keys = off')
  database.function('moved', (id, shiftMs, add) => movedId(String(id), Number(shiftMs), Number(add)))
  const copies = partsOf(calls, settledCount(database, calls)).map((part, number) => prepare(database, part, number))
  for (let copy = 1; copy < times; copy += 1) {
    const shiftMs = copy * hours * hourMs
    database.exec('begin')
    for (const make of copies) make({ copy, shiftMs, dayShiftMs: Math.floor(shiftMs / dayMs) * dayMs })
    database.exec('commit')
    progress(calls * (copy + 1))
  }
  settle(database, calls, times - 1)
  database.prepare('update usage_head set rolled_to = ?').run(BigInt(calls) * BigInt(times))
  database.close()
}
