/** A node whose journal takes nothing: what its calls come to reaches the store all the same, and nothing stays held. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { account, begin, grantOf, holdOf, settleOf, startMs, voidOf } from '#store/ledger-sample.ts'
import { sampleTrail } from '#store/sample-rows.ts'
import { makeRecalls, openGround, soundLine, storeOn } from './line.ts'
import type { Machine } from './node.ts'
import { makeMachine, startNode } from './node.ts'
import { makeTime } from './time.ts'

const stage = async (context: TestContext) => {
  const time = makeTime()
  const ground = await openGround(startMs)
  context.after(() => ground.close())
  const chance = (): number => 0.5
  const around = { time, ground, chance, recalls: makeRecalls(), startMs, nodes: 2, abandonAfterMs: 3_600_000 }
  let nowMs = 0
  const pass = async (forMs: number): Promise<void> => {
    nowMs += forMs
    await time.until(nowMs, () => {})
  }
  /** Lets time pass until it is there, a minute at most. */
  const soon = async <T>(asked: Promise<T>): Promise<T> => {
    let isThere = false
    const settled = asked.finally(() => {
      isThere = true
    })
    settled.catch(() => null)
    for (const endMs = nowMs + 60_000; !isThere && nowMs < endMs; ) await pass(50)
    return settled
  }
  const plain = storeOn({ time, ground, line: soundLine(), chance, isAlive: () => true }, makeRecalls())
  await soon(begin(plain, 'prepaid'))
  const grant = grantOf('lot_one', 10_000n, { nowMs: startMs })
  await ground.run('grantCredit', { grant, trail: sampleTrail('trl_lot_one'), upgrade: null })
  const machine: Machine = makeMachine('node_1', true)
  const start = async () => {
    machine.node = await soon(startNode(machine, around, () => {}))
    return machine.node
  }
  const heldNano = (): unknown =>
    ground.row('select held_nano_usd from account_money where account = ?', account)?.['held_nano_usd']
  const receipt = async (id: string) => (await ground.run('receipt', id)) as Record<string, unknown> | null
  const request = { nowMs: startMs, expiresMs: startMs + 900_000, owner: 'node_1.1' }
  return { soon, machine, node: await start(), start, heldNano, receipt, pass, request }
}

test('the end of a call that a full disk does not take is in the store before anybody is told of it, and nothing stays held', async (context) => {
  const { soon, machine, node, heldNano, receipt, pass, request } = await stage(context)
  const held = await soon(node.books.hold(holdOf('call_full', 4000n, request)))
  assert.ok(held.ok)
  const other = await soon(node.books.hold(holdOf('call_void', 1000n, request)))
  assert.ok(other.ok)
  machine.disk.isFull = true
  const ended = await soon(node.books.settle(settleOf('call_full', 1500n, request)))
  assert.deepEqual([ended.state, ended.chargedNanoUsd, ended.repeated], ['settled', 1500n, false])
  assert.equal((await receipt('call_full'))?.['chargedNanoUsd'], 1500n)
  assert.equal((await soon(node.books.voidHold(voidOf('call_void', startMs)))).state, 'voided')
  await pass(5_000)
  assert.equal(heldNano(), 0n)
  assert.ok(machine.disk.rows.size > 0, 'the journal could not forget it either')
  machine.disk.isFull = false
  await pass(2_000)
  assert.equal(machine.disk.rows.size, 0)
})

test('where neither takes it the caller hears so, the end stands, and the first of the two that is there again gets it, once', async (context) => {
  const { soon, machine, node, heldNano, receipt, pass, request } = await stage(context)
  assert.ok((await soon(node.books.hold(holdOf('call_both', 4000n, request)))).ok)
  machine.disk.isFull = true
  machine.line.isCut = true
  await assert.rejects(soon(node.books.settle(settleOf('call_both', 1500n, request))), { code: 'store_unavailable' })
  await assert.rejects(soon(node.books.settle(settleOf('call_both', 1500n, request))), { code: 'store_unavailable' })
  assert.equal((await receipt('call_both'))?.['state'] ?? null, null)
  await pass(600_000)
  machine.disk.isFull = false
  const again = await soon(node.books.settle(settleOf('call_both', 2500n, request)))
  assert.deepEqual([again.chargedNanoUsd, again.repeated], [1500n, true])
  machine.line.isCut = false
  await pass(60_000)
  assert.equal((await receipt('call_both'))?.['chargedNanoUsd'], 1500n)
  assert.deepEqual([heldNano(), machine.disk.rows.size], [0n, 0])
})

test('a node that dies with an end that only the store has charges it once when it is back', async (context) => {
  const { soon, machine, node, start, heldNano, receipt, pass, request } = await stage(context)
  assert.ok((await soon(node.books.hold(holdOf('call_dead', 4000n, request)))).ok)
  machine.disk.isFull = true
  await soon(node.books.settle(settleOf('call_dead', 700n, request)))
  node.kill()
  machine.disk.isFull = false
  await start()
  await pass(5_000)
  assert.equal((await receipt('call_dead'))?.['chargedNanoUsd'], 700n)
  assert.deepEqual([heldNano(), machine.disk.rows.size], [0n, 0])
})
