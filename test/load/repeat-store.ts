/**
 * Many calls out of few: what a store holds of its first calls (log, holds, entries, figures, index) is repeated for later hours by the
 * database itself, with ids, places and times of their own, so that ten million calls take minutes to make. Sums, figures and
 * proofs come out as if each call had been made.
 */

import { strict as assert } from 'node:assert'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** A bucket of the log's index. */
const callsPerBucket = 65_536

/** The database that the calls lie in, by whatever engine; no server has it open. */
export type RepeatTarget = {
  readonly run: (text: string) => Promise<void>
  readonly rows: (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>
  readonly columns: (table: string) => Promise<readonly { readonly name: string; readonly isKey: boolean }[]>
  /** Before the values of an insert that gives numbers which the database gives otherwise. */
  readonly overriding: string
  readonly close: () => Promise<void>
}

export type Repeating = {
  readonly target: RepeatTarget
  /** Calls that are there: whole buckets of the log's index. */
  readonly calls: number
  /** They lie in the first hours of a day, so many; a day is a multiple of it. */
  readonly hours: number
  /** How often they are there in the end. */
  readonly times: number
  readonly progress: (done: number) => void
}

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
const prepare = async (target: RepeatTarget, { table, where, change, meets }: Part, number: number) => {
  const base = `base_${number}`
  await target.run(`create temp table ${base} as select * from ${table} where ${where ?? '1 = 1'}`)
  const columns = await target.columns(table)
  const list = columns.map(({ name }) => `"${name}"`).join(', ')
  const values = columns.map(({ name }) => change[name] ?? `"${name}"`).join(', ')
  const keys = columns.filter(({ isKey }) => isKey).map(({ name }) => `"${name}"`)
  const added = columns
    .filter(({ isKey }) => !isKey)
    .map(({ name }) => `"${name}" = "${table}"."${name}" + excluded."${name}"`)
  const conflict = {
    add: `on conflict (${keys.join(', ')}) do update set ${added.join(', ')}`,
    skip: 'on conflict do nothing',
  }
  const text = `insert into ${table} (${list}) ${target.overriding} select ${values} from ${base} where true ${meets === undefined ? '' : conflict[meets]}`
  return (copy: Copy): Promise<void> =>
    target.run(text.replace(/:(copy|shiftMs|dayShiftMs)\b/g, (_place, name: keyof Copy) => String(copy[name])))
}

/** What the copies cost their accounts. */
const settle = async (target: RepeatTarget, calls: number, copies: number): Promise<void> => {
  const sums = await target.rows(
    `select account, sum(charged_nano_usd) as sum from hold where sequence <= ${calls} group by account`,
  )
  for (const { account, sum } of sums) {
    const cost = BigInt(sum as bigint) * BigInt(copies)
    const [lot] = await target.rows(`select id from lot where account = '${account}'`)
    const book = lot === undefined ? 'owed_nano_usd = owed_nano_usd +' : 'credit_nano_usd = credit_nano_usd -'
    await target.run(
      `update account_money set ${book} ${cost}, spent_nano_usd = spent_nano_usd + ${cost} where account = '${account}'`,
    )
    if (lot !== undefined)
      await target.run(`update lot set remaining_nano_usd = remaining_nano_usd - ${cost} where id = '${lot['id']}'`)
  }
}

const settledCount = async (target: RepeatTarget, calls: number): Promise<number> => {
  const one = async (text: string) => (await target.rows(text))[0] ?? {}
  const log = await one('select min(sequence) as first, max(sequence) as last from call')
  assert.deepEqual([Number(log['first']), Number(log['last'])], [1, calls], 'the store holds other calls')
  const { rolled_to } = await one('select rolled_to from usage_head')
  assert.equal(Number(rolled_to), calls, 'the figures are behind the log')
  const posted = await one(
    "select min(sequence) as first, max(sequence) as last from book_transaction where kind = 'settle'",
  )
  return Number(posted['last']) - Number(posted['first']) + 1
}

/** Repeats the calls of a store that no process has open, and that has rolled its figures; closes it. */
export const repeatStore = async ({ target, calls, hours, times, progress }: Repeating): Promise<void> => {
  assert.equal(calls % callsPerBucket, 0)
  assert.equal(24 % hours, 0)
  const parts = partsOf(calls, await settledCount(target, calls))
  const copies: ((copy: Copy) => Promise<void>)[] = []
  for (const [number, part] of parts.entries()) copies.push(await prepare(target, part, number))
  for (let copy = 1; copy < times; copy += 1) {
    const shiftMs = copy * hours * hourMs
    await target.run('begin')
    for (const make of copies) await make({ copy, shiftMs, dayShiftMs: Math.floor(shiftMs / dayMs) * dayMs })
    await target.run('commit')
    progress(calls * (copy + 1))
  }
  await settle(target, calls, times - 1)
  await target.run(`update usage_head set rolled_to = ${calls * times}, paired_to = ${calls * times}`)
  await target.close()
}
