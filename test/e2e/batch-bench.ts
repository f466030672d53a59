/** A provider that takes batches, a relay before it, and customers who pay for their lines. */

import { strict as assert } from 'node:assert'
import type { BatchShelf } from '../fake/batch-shelf.ts'
import { batchShelf } from '../fake/batch-shelf.ts'
import type { FileShelf } from '../fake/file-shelf.ts'
import { fileShelf } from '../fake/file-shelf.ts'
import type { Exchange, FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Answer } from './call.ts'
import { call } from './call.ts'
import type { CallLine, Relay } from './harness.ts'
import { adminKey, eventually, fakeKey } from './harness.ts'
import { upload } from './upload.ts'

export type Keeper = FakeUpstream & { readonly files: FileShelf; readonly batches: BatchShelf }

export type KeeperFaults = {
  /** Told when a batch is made; its answer never comes. */
  readonly created?: () => void
  /** Told when a batch is asked for, which is answered with a 500. */
  readonly refuseCreation?: () => void
}

const isCreation = ({ seen }: Exchange): boolean => seen.method === 'POST' && seen.target === '/v1/batches'

export const startKeeper = async ({ created, refuseCreation }: KeeperFaults = {}): Promise<Keeper> => {
  const files = fileShelf('file-')
  const batches = batchShelf(files, ['gpt-real', 'gpt-other'], { silent: created !== undefined })
  const upstream = await startUpstream((exchange) => {
    if (refuseCreation !== undefined && isCreation(exchange)) {
      refuseCreation()
      exchange.response.writeHead(500).end('{"error":{"message":"no"}}')
      return
    }
    if (created !== undefined && isCreation(exchange)) setImmediate(created)
    if (!files.answer(exchange) && !batches.answer(exchange)) exchange.response.writeHead(404).end('{}')
  })
  return Object.assign(upstream, { files, batches })
}

/** 1,000 nano-USD a token in, 2,000 out, whatever the tier. */
export const configFor = (upstream: FakeUpstream): string =>
  `providers:
  fake: { vendor: openai, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  sold: { aliases: [sold-alias], targets: [{ provider: fake, model: gpt-real, cost: { input: "0.50", output: "1.00" } }], price: { input: "1.00", output: "2.00" } }
  dear: { targets: [{ provider: fake, model: gpt-other }] }
  elsewhere: { targets: [{ provider: none, model: x }], price: { input: "1.00", output: "2.00" } }
`.replace(
    'models:',
    `  none: { vendor: cohere, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }\nmodels:`,
  )

export const env = { FAKE_KEY: fakeKey }

export const line = (id: string, model = 'sold', more: object = {}): string =>
  JSON.stringify({
    custom_id: id,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model, messages: [{ role: 'user', content: `Grüße ${id}` }], max_tokens: 20, ...more },
  })

export type Creating = { readonly key: string; readonly file: unknown; readonly headers?: Record<string, string> }

export const create = (relay: Relay, { key, file, headers = {} }: Creating): Promise<Answer> =>
  call(relay.url, {
    path: '/v1/batches',
    key,
    headers,
    body: { input_file_id: file, endpoint: '/v1/chat/completions', completion_window: '24h', metadata: { a: 'b' } },
  })

export const makeBatch = async (relay: Relay, key: string, lines: readonly string[]): Promise<Answer> => {
  const file = await upload(relay, { key, bytes: `${lines.join('\n')}\n` }, { purpose: 'batch' })
  assert.equal(file.status, 200, file.text)
  return create(relay, { key, file: file.at('id'), headers: { 'x-drover-tags': 'team=search' } })
}

export const admin = async (relay: Relay, path: string, body?: object): Promise<Answer> => {
  const answer = await call(relay.url, { path: `/api/v1${path}`, key: adminKey, ...(body && { body }) })
  assert.equal(answer.status, 200, answer.text)
  return answer
}

export type Customer = { readonly id: string; readonly key: string }

export const customer = async (relay: Relay, usd: string, key: object = {}): Promise<Customer> => {
  const made = await admin(relay, '/accounts', { name: `customer ${usd}`, billing: 'prepaid' })
  const id = String(made.at('id'))
  await admin(relay, '/credits', { account: id, usd })
  return { id, key: (await relay.createKey({ account: id, ...key })).key }
}

export const moneyOf = async (
  relay: Relay,
  account: string,
): Promise<{ readonly balance: bigint; readonly held: bigint }> => {
  const answer = await admin(relay, `/credits/${account}`)
  return { balance: BigInt(String(answer.at('balance_nano_usd'))), held: BigInt(String(answer.at('held_nano_usd'))) }
}

export const free = (relay: Relay, account: string): Promise<bigint> =>
  eventually(
    'the hold is free',
    async () => {
      const { balance, held } = await moneyOf(relay, account)
      return held === 0n ? balance : undefined
    },
    15_000,
  )

export const proven = async (relay: Relay): Promise<void> => {
  const verdict = await admin(relay, '/ledger/verify')
  assert.deepEqual([verdict.at('ok'), verdict.at('problems')], [true, []])
}

export const recordsOf = async (relay: Relay, batch: unknown): Promise<readonly CallLine[]> =>
  (await relay.logs(1000)).filter(({ tags }) => (tags as Record<string, string>)['batch'] === batch)
