/** The end of a batch, where something fails between its parts. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { openStage } from '#relay/test-stage.ts'
import type { BindingRow } from '#resource/port.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import type { LookPorts } from './batch-settle.ts'
import { lookAtBatch } from './batch-settle.ts'

const counted = { requests: 5, tokens: 500, models: ['m'] }
const document = JSON.stringify({ id: 'batch_up', object: 'batch', status: 'completed' })

/** A batch that has ended with no line that used anything; the store fails so often at writing down that it is settled. */
const open = (failures: number) => {
  const stage = openStage({
    key: { requestsPerDay: 10 },
    limiter: ({ clock }) => makeMemoryLimiter({ clock }),
  })
  const { ports } = stage
  const [key] = [...ports.snapshot().keys.values()]
  const [upstream] = [...ports.snapshot().upstreams.values()]
  assert(key !== undefined && upstream !== undefined)
  const send = async () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: (async function* () {
      yield Buffer.from(document)
    })(),
    abort: () => {},
  })
  const upstreams = new Map([
    [upstream.provider.name, { ...upstream, transport: { ...upstream.transport, send } as never }],
  ])
  const snapshot = { ...ports.snapshot(), upstreams }
  const corrected: number[] = []
  let failing = failures
  const batch = {
    ...{ kind: 'batch', form: 'openai', id: 'batch_1', holder: key.account, account: key.account, key: key.id },
    ...{ test: false, provider: upstream.provider.name, credential: upstream.credentialDigests[0] ?? null },
    ...{ upstreamId: 'batch_up', document, state: 'open', createdMs: 0, nextMs: 0 },
  } as unknown as BindingRow
  const look: LookPorts = {
    ...ports,
    snapshot: () => snapshot,
    bindings: {
      workOf: () => ({ call: 'call_b', endpoint: 'chat/completions', models: [], counted, copy: null, input: null }),
      binding: async () => null,
      changeBinding: async (_named: unknown, changes: { readonly state?: string }) => {
        if (changes.state !== 'ended' || failing === 0) return
        failing -= 1
        throw new Problem('store_unavailable', { message: 'away' })
      },
    } as unknown as LookPorts['bindings'],
    parts: { extend: async () => ({ ok: true }), voidHold: async () => ({}), draw: async () => [] } as never,
    waitingRoom: {
      ...ports.waitingRoom,
      giveBack: async (returned) => {
        corrected.push(...returned.map(({ used }) => used ?? -1))
      },
    },
  }
  return { look: () => lookAtBatch(look, batch), corrected }
}

test('what a batch did not use goes back to limits of a day once, also where noting its end fails before', async () => {
  const { look, corrected } = open(1)
  await assert.rejects(look(), { code: 'store_unavailable' })
  assert.deepEqual(corrected, [])
  await look()
  assert.deepEqual(corrected, [0])
})

test('and where nothing fails', async () => {
  const { look, corrected } = open(0)
  await look()
  assert.deepEqual(corrected, [0])
})
