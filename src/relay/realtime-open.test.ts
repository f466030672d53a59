import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { openSession } from './realtime-open.ts'
import { openStage } from './test-stage.ts'

test('a caller who leaves while a session is opened leaves no place taken at its target', async () => {
  const stage = openStage({ vendors: { alpha: { realtime: () => ({ path: 'realtime', query: {} }) } } })
  const { ports } = stage
  const before = ports.snapshot()
  const [key] = [...before.keys.values()]
  const alpha = before.upstreams.get('alpha')
  assert(key !== undefined && alpha !== undefined)
  const leaving = new AbortController()
  const connect = ({ signal }: { readonly signal: AbortSignal }) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const upstream = { ...alpha, transport: { ...alpha.transport, connect } }
  const snapshot = { ...before, upstreams: new Map([['alpha', upstream]]) }
  const health = () => ports.routing.health.view('alpha/alpha-1', 'stream', 0)
  const opening = openSession({
    wish: { model: 'm', intent: 'realtime', beta: false },
    ...{ key, snapshot, ports },
    exchange: {
      inbound: { ...inboundOf(''), signal: leaving.signal },
      ...{ draining: new AbortController().signal, offered: [], accept: async () => assert.fail() },
    },
  })
  assert.equal(health().inFlight, 1)
  leaving.abort(new Error('gone'))
  await assert.rejects(opening, /gone/)
  assert.deepEqual([health().inFlight, health().failures], [0, 0])
})
