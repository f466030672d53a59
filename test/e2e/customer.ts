/** Customers who pay: accounts with credit, what is left of it, and the model that they buy. */

import { strict as assert } from 'node:assert'
import type { Bench } from './bench.ts'
import { chat } from './bench.ts'
import { call } from './call.ts'
import { adminKey, eventually } from './harness.ts'

/** 1,000 nano-USD a token in, 2,000 a token out: what is expected below is worked out by hand from these. */
export const models = `models:
  sold: { targets: [{ provider: fake, model: any }], price: { input: "1.00", output: "2.00" } }
`
export const inputNano = 1000n
export const outputNano = 2000n

export type Account = { readonly id: string; readonly key: string }
export type Verdict = {
  readonly ok: boolean
  readonly calls: number
  readonly open_holds: number
  readonly problems: unknown[]
}

export const admin = async (bench: Bench, path: string, body?: object): Promise<Record<string, unknown>> => {
  const answer = await call(bench.relay.url, {
    path: `/api/v1${path}`,
    key: adminKey,
    ...(body === undefined ? {} : { body }),
  })
  assert.equal(answer.status, 200, answer.text)
  return JSON.parse(answer.text) as Record<string, unknown>
}

export const balanceOf = async (bench: Bench, account: string): Promise<{ balance: bigint; held: bigint }> => {
  const found = await admin(bench, `/credits/${account}`)
  return { balance: BigInt(String(found['balance_nano_usd'])), held: BigInt(String(found['held_nano_usd'])) }
}

export const decimal = (nano: bigint): string =>
  `${nano / 1_000_000_000n}.${(nano % 1_000_000_000n).toString().padStart(9, '0')}`

let accounts = 0
export const openAccount = async (
  bench: Bench,
  nano: bigint,
  { billing = 'prepaid', ...key }: Readonly<Record<string, unknown>> = {},
): Promise<Account> => {
  accounts += 1
  const made = await admin(bench, '/accounts', { name: `customer-${accounts}`, billing })
  const id = String(made['id'])
  if (nano > 0n) await admin(bench, '/credits', { account: id, usd: decimal(nano) })
  return { id, key: (await bench.relay.createKey({ account: id, ...key })).key }
}

/** The settlement is after the last byte: within a second, says the contract. */
export const settled = (bench: Bench, account: string): Promise<bigint> =>
  eventually('the settlement', async () => {
    const { balance, held } = await balanceOf(bench, account)
    return held === 0n ? balance : undefined
  })

export const sold = (more: object = {}): object => chat('hi', { model: 'sold', max_tokens: 100, ...more })
export const sizeOf = (body: object): bigint => BigInt(Buffer.byteLength(JSON.stringify(body)))
export const holdOf = (body: object, outputTokens: bigint): bigint =>
  sizeOf(body) * inputNano + outputTokens * outputNano

export const provenOk = async (bench: Bench): Promise<Verdict> => {
  const verdict = (await admin(bench, '/ledger/verify')) as unknown as Verdict
  assert.deepEqual(verdict.problems, [])
  assert.equal(verdict.ok, true)
  return verdict
}
