/**
 * Fills a store with calls straight into its own tables, as a relay would have left them: the log, holds, transactions and their
 * entries, lots and balances, so that `ledger verify` proves the result. Memory does not grow with the number of calls.
 */

import { firstIdAt } from '#base/id.ts'
import { usageOf } from '#base/usage.ts'
import type { Entry } from '#ledger/entry.ts'
import { chargeEntries, costEntries } from '#ledger/entry.ts'
import type { Lot } from '#ledger/lot.ts'
import { callColumns, callValues } from '#store/row/call-row.ts'
import { sampleCall } from '#store/sample-rows.ts'
import { openDatabase } from '#store/sqlite/open-database.ts'
import { makeChance } from '../e2e/chance.ts'

/** A key that calls are made with; `lot` is what pays for them, `null` = an unlimited account. */
export type Caller = {
  readonly key: string
  readonly account: string
  readonly organisation: string
  readonly project: string | null
  readonly member: string | null
  readonly lot: string | null
}

export type Filling = {
  readonly file: string
  readonly callers: readonly Caller[]
  readonly calls: number
  /** The calls are spread evenly over `[fromMs, untilMs)`. */
  readonly fromMs: number
  readonly untilMs: number
  readonly seed: number
  /** What models and providers are called, twelve and four; absent: by their numbers. With names, times differ from call to call. */
  readonly names?: { readonly models: readonly string[]; readonly providers: readonly string[] }
  readonly progress: (done: number) => void
}

const callsPerCommit = 50_000
const conversationLength = 10

type Cell = string | number | bigint | null
type Insert = (values: readonly Cell[]) => bigint
type Filler = { readonly one: (number: number) => void; readonly settleSums: () => void }

const columnsOf = {
  hold: 'call, account, key, state, amount_nano_usd, charged_nano_usd, excess_nano_usd, begun, created_ms, expires_ms, ended_ms, price_hash, rule',
  book_transaction: 'id, kind, account, call, time_ms, reason',
  book_entry: 'transaction_sequence, line, from_book, to_book, amount_nano, currency, lot',
} as const

/** Of a lot only what an entry names. */
const lotNamed = (id: string): Lot => ({
  id,
  kind: 'paid',
  method: 'manual',
  grantedNanoUsd: 0n,
  paidNanoUsd: 0n,
  remainingNanoUsd: 0n,
  priority: 50,
  expiresMs: null,
  scope: null,
  reservedNanoUsd: 0n,
})

/** The nth call: 12 models at 4 providers, one in 50 failed, half of them tagged, conversations of ten calls. */
const makeCalls = ({ callers, calls, fromMs, untilMs, seed, names }: Filling) => {
  const chance = makeChance(seed)
  const pick = (count: number): number => Math.floor(chance() * count)
  const conversations = Math.max(1, Math.floor(calls / conversationLength))
  return (number: number) => {
    const caller = callers[Math.floor(chance() * chance() * callers.length)] as Caller
    const model = Math.floor(chance() * chance() * 12)
    const isBad = chance() < 0.02
    const input = 1 + pick(4_000)
    const modelName = names?.models[model] ?? `model_${model}`
    const provider = names?.providers[model % 4] ?? `provider_${model % 4}`
    const firstMs = names === undefined ? 320 : 180 + pick(900)
    const wholeMs = names === undefined ? 2_000 : firstMs + 300 + pick(6_000)
    const timeMs = Math.floor(fromMs + (number * (untilMs - fromMs)) / calls)
    const failure = isBad ? ('upstream_overloaded' as const) : null
    const usage = isBad ? null : usageOf({ input, cachedInput: input >> 1, output: pick(800) })
    const charge = isBad ? 0n : BigInt(input) * 1_000n
    const cost = isBad ? null : BigInt(input) * 600n
    const attempt = {
      provider,
      model: names === undefined ? `upstream_${model}` : modelName,
      status: isBad ? 503 : 200,
      error: failure,
      startMs: 1,
      headersMs: firstMs - 20,
      firstPartMs: isBad ? null : firstMs,
      endMs: wholeMs,
      upstreamRequestId: `req_${number}`,
      usage,
      costNanoUsd: cost,
      reason: 'weighted',
      left: null,
      breaker: null,
      credential: null,
      shims: [],
    }
    const record = sampleCall(`${firstIdAt('call', timeMs)}${String(number).padStart(16, '0')}`, {
      timeMs,
      organisation: caller.organisation,
      project: caller.project,
      member: caller.member,
      account: caller.account,
      key: caller.key,
      model: modelName,
      provider: isBad ? null : provider,
      upstreamModel: isBad ? null : `upstream_${model}`,
      status: isBad ? 503 : 200,
      error: failure,
      end: isBad ? 'refused' : 'complete',
      attempts: [attempt],
      usage,
      costNanoUsd: charge,
      priceHash: isBad ? null : `${String(model).padStart(32, '0')}`,
      pricing: isBad
        ? null
        : {
            model: `model_${model}`,
            family: `family_${model % 3}`,
            vendor: 'fake',
            source: 'made up',
            serviceTier: 'default',
            contextOverTokens: null,
            currency: 'USD',
            perUsdNano: null,
            baseNanoUsd: charge,
            rules: [],
          },
      ttftMs: firstMs,
      durationMs: wholeMs,
      tags: chance() < 0.5 ? { team: `team_${pick(20)}`, stage: 'live' } : {},
      conversation: `conversation_${pick(conversations)}`,
      callSite: `site_${pick(50)}`,
    })
    return { caller, record, charge, cost, provider }
  }
}

type Database = Awaited<ReturnType<typeof openDatabase>>['database']

const inserter = (database: Database, table: string, columns: string): Insert => {
  const places = columns
    .split(', ')
    .map(() => '?')
    .join(', ')
  const statement = database.prepare(`insert into ${table} (${columns}) values (${places})`)
  return (values) => BigInt(statement.run(...values).lastInsertRowid)
}

const makeFiller = (database: Database, filling: Filling): Filler => {
  const callAt = makeCalls(filling)
  const columns = callColumns
  const insertCall = inserter(database, 'call', columns.map((name) => `"${name}"`).join(', '))
  const insertHold = inserter(database, 'hold', columnsOf.hold)
  const insertTransaction = inserter(database, 'book_transaction', columnsOf.book_transaction)
  const insertEntry = inserter(database, 'book_entry', columnsOf.book_entry)
  const spent = new Map<Caller, bigint>()

  const post = (call: string, { account, timeMs }: { account: string; timeMs: number }, entries: readonly Entry[]) => {
    const sequence = insertTransaction([`settle/${call}`, 'settle', account, call, timeMs, 'filled'])
    for (const [line, { from, to, amountNano, currency, lot }] of entries.entries())
      insertEntry([sequence, line, from, to, amountNano, currency, lot])
  }
  const one = (number: number): void => {
    const { caller, record, charge, cost, provider } = callAt(number)
    const { account, key, lot } = caller
    const { id, timeMs, priceHash } = record
    insertCall(callValues(record))
    const endMs = timeMs + 2_000
    const held = lot === null ? 0n : charge + 40_000n
    const state = charge > 0n ? 'settled' : 'voided'
    insertHold([id, account, key, state, held, charge, 0n, 1, timeMs, timeMs + 600_000, endMs, priceHash, 'filled'])
    if (charge === 0n) return
    const entries = chargeEntries({
      account,
      billing: lot === null ? 'unlimited' : 'prepaid',
      spent: lot === null ? [] : [{ lot: lotNamed(lot), amountNanoUsd: charge }],
      uncoveredNanoUsd: lot === null ? charge : 0n,
    })
    post(id, { account, timeMs: endMs }, [...entries, ...costEntries([{ provider, amountNanoUsd: cost ?? 0n }])])
    spent.set(caller, (spent.get(caller) ?? 0n) + charge)
  }
  const credit = database.prepare(
    'update account_money set credit_nano_usd = credit_nano_usd - ?, spent_nano_usd = spent_nano_usd + ? where account = ?',
  )
  const lots = database.prepare('update lot set remaining_nano_usd = remaining_nano_usd - ? where id = ?')
  const debts = database.prepare(
    'update account_money set owed_nano_usd = owed_nano_usd + ?, spent_nano_usd = spent_nano_usd + ? where account = ?',
  )
  const settleSums = (): void => {
    for (const [{ account, lot }, sum] of spent) {
      if (lot === null) debts.run(sum, sum, account)
      else {
        credit.run(sum, sum, account)
        lots.run(sum, lot)
      }
    }
    spent.clear()
  }
  return { one, settleSums }
}

/** Adds calls to a store that no process has open. The same seed makes the same calls. */
export const fillStore = async (filling: Filling): Promise<void> => {
  const { file, calls, progress } = filling
  const { database } = await openDatabase({ file, durability: 'process', nowMs: 0, busyTimeoutMs: 0 })
  database.exec('pragma cache_size = -262144')
  database.exec('pragma wal_autocheckpoint = 65536')
  const { one, settleSums } = makeFiller(database, filling)
  for (let done = 0; done < calls; done += callsPerCommit) {
    const end = Math.min(calls, done + callsPerCommit)
    database.exec('begin')
    for (let number = done; number < end; number += 1) one(number)
    settleSums()
    database.exec('commit')
    progress(end)
  }
  database.close()
}
