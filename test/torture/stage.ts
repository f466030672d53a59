/** A relay of its own with a paid account, behind it a provider that does what chance says, and its books to be looked at. */

import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { call } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, configFor, eventually, fakeKey, makeFolder, removeFolder, startRelay } from '../e2e/harness.ts'
import { stallAfter, stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import type { Exchange, FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'

export type Stage = {
  readonly relay: () => Relay
  readonly upstream: FakeUpstream
  readonly key: string
  readonly restart: () => Promise<void>
  /** What of the books, or of the process, is not as it must be; nothing is under way any more. */
  readonly problems: () => Promise<readonly string[]>
  /** Whether the data folder is a disk of its own, so small that it can be filled. */
  readonly isOwnDisk: boolean
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type StageSettings = {
  readonly chance: () => number
  /** Of the provider's answers, how many go wrong: 0 to 1. */
  readonly faultShare: number
  readonly config?: string
  /** Mounts a small file system in memory for the data, where this user may. */
  readonly ownDisk?: boolean
  /** The provider answers with as many tokens as it is asked for at most, over a second or so, and counts what it was sent. */
  readonly answersAsAsked?: boolean
  /** Of the route; absent: what stalls is over within seconds. */
  readonly timeout?: string
  /** What the account has in the beginning. */
  readonly usd?: string
  /** Of the relay's process, besides what a stage gives it. */
  readonly env?: Readonly<Record<string, string>>
}

const startWithinMs = 600_000
const quietWithinMs = 30_000
const diskSize = '96m'
/** So that what stalls is over within a round. */
const shortTimeout = '{ headers: 2s, first_token: 2s, idle: 2s, total: 20s }'

const faultOf = (pick: number) => {
  const events = completionEvents(['a ', 'b ', 'c '], { usage: true })
  const kinds = [
    whole({ error: { message: 'too many', type: 'rate_limit' } }, { status: 429, headers: { 'retry-after': '1' } }),
    whole({ error: { message: 'broken' } }, { status: 500 }),
    whole('<html>bad gateway</html>', { status: 502 }),
    whole('{"choices":[{"mess'),
    stream(events.slice(0, 2)),
    stallAfter(events.slice(0, 2)),
  ]
  return kinds[Math.floor(pick * kinds.length)] as (typeof kinds)[number]
}

const tokensPerEvent = 8
const eventMs = 20
const eventsMax = 250

/** By the pattern, since what was sent may be no JSON. */
const answerAsAsked = (exchange: Exchange, isStream: boolean): void | Promise<void> => {
  const { body } = exchange.seen
  const completionTokens = Math.max(1, Number(/"max_tokens":(\d+)/.exec(body.toString('latin1'))?.[1] ?? 1))
  const promptTokens = Math.ceil(body.length / 4)
  if (!isStream) {
    const content = 'word '.repeat(completionTokens)
    return whole(completion({ promptTokens, completionTokens, content }))(exchange)
  }
  const events = Math.min(eventsMax, Math.ceil(completionTokens / tokensPerEvent))
  const words = Array.from({ length: events }, () => 'word '.repeat(tokensPerEvent))
  return stream(completionEvents(words, { usage: true }), { before: () => wait(eventMs) })(exchange)
}

export const openStage = async ({
  chance,
  faultShare,
  config = '',
  ownDisk = false,
  answersAsAsked = false,
  usd = '5.00',
  timeout = shortTimeout,
  env = {},
}: StageSettings): Promise<Stage> => {
  const folder = await makeFolder()
  const isOwnDisk =
    ownDisk && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskSize}`, 'tmpfs', folder]).status === 0
  const upstream = await startUpstream()
  const events = completionEvents(['one ', 'two ', 'three '], { usage: true })
  upstream.answer((exchange) => {
    const isStream = exchange.seen.body.includes('"stream":true')
    if (chance() < faultShare) return faultOf(chance())(exchange)
    if (answersAsAsked) return answerAsAsked(exchange, isStream)
    if (isStream) return stream(events, { before: () => wait(chance() * 6) })(exchange)
    return whole(completion({ promptTokens: 7, completionTokens: 3 }))(exchange)
  })
  const text = configFor(
    upstream,
    `models:
  sold: { targets: [{ provider: fake, model: any }], price: { input: "1.00", output: "2.00" }, route: { timeout: ${timeout} } }
${config}`,
  )
  const start = (): Promise<Relay> =>
    startRelay({ folder, config: text, env: { FAKE_KEY: fakeKey, ...env }, startWithinMs })
  let relay = await start()
  const admin = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const answer = await call(relay.url, {
      path: `/api/v1${path}`,
      key: adminKey,
      ...(body === undefined ? {} : { body }),
    })
    assert.equal(answer.status, 200, answer.text)
    return JSON.parse(answer.text) as Record<string, unknown>
  }
  const account = String((await admin('/accounts', { name: 'tortured', billing: 'prepaid' }))['id'])
  const { key } = await relay.createKey({ account })
  await admin('/credits', { account, usd })
  return {
    relay: () => relay,
    upstream,
    key,
    isOwnDisk,
    restart: async () => {
      relay = await start()
    },
    problems: async () => {
      const held = await eventually(
        'that nothing is held',
        async () => ((await admin(`/credits/${account}`))['held_nano_usd'] === '0' ? '0' : undefined),
        quietWithinMs,
      ).catch(async () => String((await admin(`/credits/${account}`))['held_nano_usd']))
      const verdict = await admin('/ledger/verify')
      const { balance_nano_usd: balance } = await admin(`/credits/${account}`)
      return [
        ...(held === '0' ? [] : [`${held} nano-dollars are still held`]),
        ...(verdict['ok'] === true ? [] : [JSON.stringify(verdict['problems'])]),
        ...(verdict['open_holds'] === 0 ? [] : [`${String(verdict['open_holds'])} holds are open`]),
        ...(BigInt(String(balance)) >= 0n ? [] : [`the balance is ${String(balance)}`]),
        ...(/unhandled|uncaught/i.test(relay.stderr()) ? [`the relay says: ${relay.stderr().slice(-500)}`] : []),
      ]
    },
    [Symbol.asyncDispose]: async () => {
      await relay.kill()
      await upstream.close()
      if (isOwnDisk) spawnSync('umount', ['-l', folder])
      await removeFolder(folder)
    },
  }
}

export type Vitals = { readonly memoryMiB: number; readonly descriptors: number }

/** Linux only: what the process uses now. */
export const vitalsOf = (pid: number): Vitals => {
  const memory = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { memoryMiB: Number(memory) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length }
}
