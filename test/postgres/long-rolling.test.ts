/** Nodes of two versions on one store: the newer one steps the schema forward under load, and the older ones go on. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { call } from '../e2e/call.ts'
import { admin, models, openAccount, provenOk, settled, sold } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, eventually } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startFleet } from './fleet.ts'
import { otherVersion } from './other-version.ts'
import { startPostgres } from './server.ts'

const callNano = 13_000n
const startNano = 1_000_000_000n
/** A call that is on its way when a node is told to end is still taken. */
const draining = 'server: { drain_delay: 1s, overload: { loop_delay: 1m } }\n'

test('an older Drover and this one share a store, the schema is stepped forward under load, and nodes are replaced one by one', async (context) => {
  await using older = await otherVersion()
  if (older === null) return context.diagnostic('no earlier version in this history differs by steps that only add')
  context.diagnostic(`${older.commit.slice(0, 7)} does not know ${older.unknown.join(', ')}`)
  await using server = await startPostgres()
  await using fleet = await startFleet({ url: await server.database(), size: 0, config: `${models}${draining}` })
  fleet.upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  const { program } = older
  const [first, second] = await Promise.all([fleet.add({ program }), fleet.add({ program })])
  const bench = (relay: Relay) => ({ relay, upstream: fleet.upstream, key: '', close: async () => {} })
  const account = await openAccount(bench(first), startNano)
  await eventually('the key on the second node', async () =>
    (await call(second.url, { path: '/v1/models', key: account.key })).status === 200 ? true : undefined,
  )
  const stepsOf = async (): Promise<number> =>
    Number((await server.query('select count(*)::int as count from schema_step', 'test_1'))[0]?.['count'])
  const stepsBefore = await stepsOf()

  // What a balancer sends calls to.
  let serving: readonly Relay[] = [first, second]
  let ending = false
  const answers = new Map<string, number>()
  let count = 0
  const caller = async (): Promise<void> => {
    while (!ending) {
      const relay = serving[count % serving.length] as Relay
      count += 1
      const what = await call(relay.url, { key: account.key, body: sold() }).then(
        ({ status, text }) => (status === 200 ? '200' : `${status} ${text}`),
        (error: unknown) => String(error),
      )
      answers.set(what, (answers.get(what) ?? 0) + 1)
    }
  }
  const more = async (what: string, relay: Relay): Promise<void> => {
    serving = [relay, ...serving.filter((one) => one !== relay)]
    const from = count
    await eventually(what, () => (count > from + 20 ? true : undefined), 60_000)
  }
  const callers = Array.from({ length: 4 }, caller)
  await more('calls on the older ones', first)
  const third = await fleet.add()
  assert.equal(await stepsOf(), stepsBefore + older.unknown.length)
  await more('calls on all three', third)

  // What one changes the others hear of.
  const made = await third.createKey({ account: account.id })
  await eventually('a key of the newer one on an older one', async () =>
    (await call(first.url, { path: '/v1/models', key: made.key })).status === 200 ? true : undefined,
  )
  // An older one can still start: a crash in the middle of an upgrade takes no node away.
  serving = serving.filter((one) => one !== second)
  await second.stop()
  const again = await fleet.add({ folder: second.folder, program })
  await more('calls on the older one that was started again', again)
  for (const old of [again, first]) {
    serving = serving.filter((one) => one !== old)
    await old.stop()
    await more('calls on its successor', await fleet.add({ folder: old.folder }))
  }
  ending = true
  await Promise.all(callers)
  assert.deepEqual([...answers.keys()], ['200'])
  const answered = BigInt(answers.get('200') ?? 0)
  await eventually('every charge', async () =>
    (await settled(bench(third), account.id)) === startNano - answered * callNano ? true : undefined,
  )
  await provenOk(bench(third))
  const { data } = (await admin(bench(third), `/nodes`)) as { readonly data: readonly { readonly state: string }[] }
  assert.equal(data.filter(({ state }) => state === 'alive').length, 3)
  assert.equal((await call(third.url, { path: '/health/readiness', key: adminKey })).status, 200)
  context.diagnostic(`${answered} calls, none failed`)
})
