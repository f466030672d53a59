import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeView } from '#job/port.ts'
import { checkServerKey } from './server-key.ts'

const nodeNamed = (node: string, agoMs = 100): NodeView => ({
  node,
  url: `http://${node}`,
  version: '1',
  digest: null,
  startedMs: 0,
  heardMs: 0,
  agoMs,
})

const check = async (canSign: boolean, nodes: readonly NodeView[] | null, machine: string | null = null) => {
  const warned: string[] = []
  const kept = {
    receiptKeys: { canSign: async () => canSign },
    cluster: nodes === null ? null : { nodes: async () => nodes },
    node: 'own',
    seat: machine === null ? null : { machine },
  }
  await checkServerKey(kept, { warn: (message) => void warned.push(message) })
  return warned.length
}

test('a node with another key does not start beside one that runs', async () => {
  await assert.rejects(check(false, [nodeNamed('other')]), {
    code: 'conflict',
    message: /secrets\.key.*http:\/\/other/,
  })
  assert.equal(await check(true, [nodeNamed('other')]), 0)
})

test('alone it starts and says what the other key means', async () => {
  assert.equal(await check(true, null), 0)
  assert.equal(await check(false, null), 1)
  assert.equal(await check(false, [nodeNamed('own'), nodeNamed('other', 60_000)]), 1, 'one that is gone')
  assert.equal(await check(false, [nodeNamed('here-1'), nodeNamed('here-2')], 'here'), 1, 'workers of one machine')
})
