/** One relay with the four providers behind it, and keys of every kind that a client can meet. */

import { strict as assert } from 'node:assert'
import { call } from '../../test/e2e/call.ts'
import type { Relay } from '../../test/e2e/harness.ts'
import { adminKey, startRelay } from '../../test/e2e/harness.ts'
import type { Providers } from './upstream/serve.ts'
import { startProviders } from './upstream/serve.ts'
import type { Tongue } from './upstream/tongue.ts'

export type Behind = Tongue['name']

export const behind: readonly Behind[] = ['chat', 'responses', 'messages', 'google']

/** How each is called before people. */
export const behindTitles: Readonly<Record<Behind, string>> = {
  chat: 'Chat Completions',
  responses: 'Responses',
  messages: 'Messages',
  google: 'Gemini',
}

/** The first part of the model's name decides how the vendor's models are asked to think. */
const names: Readonly<Record<Behind, string>> = {
  chat: 'm',
  responses: 'm',
  messages: 'claude-m',
  google: 'gemini-3-m',
}

/** The model as the provider knows it. */
export const upstreamModel = (to: Behind, scenario: string, cell: string): string =>
  `${names[to]}--${scenario}--${cell}`

/** The model as callers write it. */
export const modelFor = (to: Behind, scenario: string, cell: string): string =>
  `${to}/${upstreamModel(to, scenario, cell)}`

export type Keys = { readonly live: string; readonly test: string; readonly poor: string; readonly wrong: string }

export type MatrixStage = {
  readonly relay: Relay
  readonly providers: Providers
  /** Without a path. */
  readonly url: string
  readonly keys: Keys
  /** What the relay warned of, by the end of the model's name behind the last `--`. */
  readonly warnings: () => Promise<ReadonlyMap<string, ReadonlySet<string>>>
  /** How often it was called. */
  readonly callsOf: (model: string) => Promise<number>
  readonly close: () => Promise<void>
}

type CallLine = { readonly model: string | null; readonly warnings: readonly string[] }
type Page = { readonly data: readonly CallLine[]; readonly next: string | null }

const configFor = (url: string): string => `server: { overload: { loop_delay: 1m } }
providers:
  chat: { vendor: openai-compatible, base_url: "${url}/chat/v1", allow_private: true, api_key: "env:K" }
  responses: { vendor: openai, protocols: [openai-responses], base_url: "${url}/responses/v1", allow_private: true, api_key: "env:K" }
  messages: { vendor: anthropic, base_url: "${url}/messages/v1", allow_private: true, api_key: "env:K" }
  google: { vendor: gemini, protocols: [gemini], base_url: "${url}/google/v1beta", allow_private: true, api_key: "env:K" }
models:
  sold: { targets: [{ provider: chat, model: m--text--sold }], price: { input: "1.00", output: "2.00" } }
`

/** A key of an account that has no credit. */
const poorKey = async (relay: Relay): Promise<string> => {
  const body = { name: 'poor', billing: 'prepaid' }
  const made = await call(relay.url, { path: '/api/v1/accounts', key: adminKey, body })
  return (await relay.createKey({ account: String(made.at('id')) })).key
}

const pagesMax = 50

/** `field:reason`: a number in a field is that of one call. */
const warningsIn = async (pageOf: (query: string) => Promise<Page>) => {
  const found = new Map<string, Set<string>>()
  let query = ''
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const { data, next } = await pageOf(query)
    for (const { model, warnings } of data) {
      const cell = model?.split('--').at(-1) ?? ''
      const known = found.get(cell) ?? new Set()
      for (const warning of warnings) known.add(warning.replace(/\[\d+\]/g, '[]'))
      found.set(cell, known)
    }
    if (next === null) return found
    query = `&before=${next}`
  }
  throw new Error(`more than ${pagesMax} pages of calls`)
}

/** Starts it all. */
export const startMatrix = async (): Promise<MatrixStage> => {
  const providers = await startProviders()
  const relay = await startRelay({
    config: configFor(providers.url),
    env: { K: 'sk-of-the-operator' },
    startWithinMs: 180_000,
  }).catch(async (fault: unknown) => {
    await providers.close()
    throw fault
  })
  const keys: Keys = {
    live: (await relay.createKey()).key,
    test: (await relay.createKey({ test: true })).key,
    poor: await poorKey(relay),
    wrong: 'hs-live-wrong',
  }
  const pageOf = async (query: string): Promise<Page> => {
    const { status, text } = await call(relay.url, { path: `/api/v1/calls?limit=1000${query}`, key: adminKey })
    assert.equal(status, 200, text)
    return JSON.parse(text) as Page
  }
  return {
    relay,
    providers,
    url: relay.url,
    keys,
    warnings: () => warningsIn(pageOf),
    callsOf: async (model) => (await pageOf(`&model=${encodeURIComponent(model)}`)).data.length,
    close: async () => {
      await providers.close()
      await relay[Symbol.asyncDispose]()
    },
  }
}
