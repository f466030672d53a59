/** Notices of payments, changed on their way: of what was not paid there is no credit, of what was there is at most one, and nothing breaks. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { after, test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import type { RawNotice } from '#payment/method.ts'
import { makeChance } from '../e2e/chance.ts'
import { benches, benchKeys, openWorld } from '../payment/bench.ts'
import type { Chance } from './change.ts'
import { changed, fuzzRuns, fuzzSeed, pickOf } from './change.ts'

const splices = [
  '&',
  '=',
  '%00',
  '%',
  '"',
  '{',
  '}',
  '[]',
  'null',
  '-1',
  '1e400',
  '\0',
  '\u{1f600}',
  '\\u0000',
  'trade_status=TRADE_SUCCESS&',
  '"id":"',
  ',"t":1',
  'v1=',
]

/** Its body, one of its headers, or both. */
const twisted = ({ headers, bytes }: RawNotice, chance: Chance): RawNotice => {
  const names = Object.keys(headers)
  const name = pickOf(chance, names)
  const how = Math.floor(chance() * 3)
  const value = changed(Buffer.from(headers[name] ?? ''), { chance, splices, most: 1 }).toString('latin1')
  return {
    headers: how === 0 ? headers : { ...headers, [name]: value },
    bytes: how === 1 ? bytes : changed(Buffer.from(bytes), { chance, splices }),
  }
}

const keys = benchKeys()
for (const [method, make] of Object.entries(benches))
  test(`${method}: changed notices (seed ${fuzzSeed})`, async () => {
    const chance = makeChance(fuzzSeed)
    const world = await openWorld(make, { keys })
    after(() => world.store.close())
    const [poor, payer] = [await world.account(), await world.account()]
    const unpaid = await world.open(poor)
    const paid = await world.open(payer)
    world.bench.pay(paid.id)
    for (let run = 0; run < fuzzRuns(12); run += 1) {
      const order = chance() < 0.5 ? unpaid : paid
      const notice = twisted(world.bench.notice(order.id), chance)
      const status = await world.send(notice)
      // 502: a certificate of an unknown number could not be had from the processor, and the notice is to come again.
      assert.ok(
        status < 500 || status === 502,
        `${status} of ${JSON.stringify({ ...notice, bytes: Buffer.from(notice.bytes).toString('latin1') })}`,
      )
      assert.equal(await world.balance(poor), 0n)
      assert.ok([0n, nanoOf('100')].includes(await world.balance(payer)))
    }
    await world.send(world.bench.notice(paid.id))
    assert.equal(await world.balance(payer), nanoOf('100'))
    await world.sound()
  })
