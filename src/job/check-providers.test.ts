import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Emit } from '#base/event.ts'
import { Secret, silentLog } from '#base/log.ts'
import { testClock } from '#http/test-clock.ts'
import { tokenKeeper } from '#http/token-keeper.ts'
import type { Transport, UpstreamRequest } from '#http/transport.ts'
import { faultProblem } from '#http/upstream-problem.ts'
import type { Provider } from '#provider/vendor.ts'
import { makeVendor } from '#provider/vendor-defaults.ts'
import { makeRouting } from '#relay/routing.ts'
import type { Upstream } from '#relay/snapshot.ts'
import { checkProviders } from './check-providers.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const provider: Provider = {
  name: 'alpha',
  vendor: 'alpha',
  baseUrl: 'https://alpha.example/v1',
  credentials: [new Secret('the key')],
  credentialNames: ['env:ALPHA'],
  region: null,
  checkEveryMs: 5_000,
  headers: {},
  allowPrivate: false,
  proxy: null,
  certificateAuthorities: null,
  price: null,
  options: {},
}

/** Answers what the list says, in turn; the last for ever. */
const stage = (answers: readonly (number | 'gone' | 'silent')[], changes: Partial<Provider> = {}) => {
  const clock = testClock()
  const events: Parameters<Emit>[0][] = []
  const emit: Emit = (event) => {
    events.push(event)
  }
  const routing = makeRouting(emit)
  const asked: UpstreamRequest[] = []
  const send: Transport['send'] = (request) => {
    const answer = answers[Math.min(asked.push(request), answers.length) - 1]
    if (answer === 'gone') return Promise.reject(faultProblem('connect', new Error('ECONNREFUSED')))
    if (answer === 'silent')
      return new Promise((_resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason), { once: true })
      })
    const body = (async function* () {})()
    return Promise.resolve({ status: answer ?? 200, headers: {}, body, abort: () => {} })
  }
  let upstreams: readonly Upstream[] = [
    {
      provider: { ...provider, ...changes },
      vendor: makeVendor({
        name: 'alpha',
        title: 'alpha',
        baseUrl: null,
        keyEnv: [],
        protocols: ['openai-chat'],
        keyPage: null,
        checkPath: 'models?limit=1',
      }),
      transport: { send, close: async () => {} },
      credentialDigests: ['digest'],
      tokens: tokenKeeper(),
    },
  ]
  const stop = checkProviders({ upstreams: () => upstreams, routing, emit, clock, log: silentLog })
  return {
    asked,
    events: () => events.map(({ name }) => name),
    isAway: () => routing.away.has('alpha'),
    keyState: () => routing.keys.view('digest', clock.monotonicMs()).state,
    forget: () => {
      upstreams = []
    },
    pass: async (byMs: number) => {
      for (let passed = 0; passed < byMs; passed += 1_000) {
        clock.advance(1_000)
        await settle()
      }
    },
    stop: () => {
      stop()
      return clock.pending()
    },
  }
}

test('a provider is asked for what costs nothing, as often as the operator wishes', async () => {
  const on = stage([200])
  await on.pass(16_000)
  assert.equal(on.asked.length, 4)
  const [first] = on.asked
  assert.deepEqual([first?.method, first?.url], ['GET', 'https://alpha.example/v1/models?limit=1'])
  assert.equal(first?.headers['authorization'], 'Bearer the key')
  assert.deepEqual([on.isAway(), on.events(), on.stop()], [false, [], 0])
})

test('nobody who was not to be checked is', async () => {
  const off = stage([200], { checkEveryMs: null })
  await off.pass(60_000)
  assert.deepEqual([off.asked.length, off.stop()], [0, 0])
})

for (const failing of ['gone', 'silent', 503] as const)
  test(`two failures in a row show that it is away (${failing}), one answer that it is back`, async () => {
    const on = stage([failing, failing, 200])
    await on.pass(5_000)
    assert.equal(on.isAway(), false)
    for (let passed = 0; passed < 15 && !on.isAway(); passed += 1) await on.pass(1_000)
    assert.deepEqual([on.isAway(), on.events()], [true, ['provider_down']])
    await on.pass(6_000)
    assert.deepEqual([on.isAway(), on.events()], [false, ['provider_down', 'provider_up']])
    assert.equal(on.stop(), 0)
  })

test('a refused key is told of, and does not show that the provider is away', async () => {
  const on = stage([401])
  await on.pass(20_000)
  assert.deepEqual([on.isAway(), on.events()], [false, ['credential_dead']])
})

test('a provider that is not checked any more counts as there', async () => {
  const on = stage(['gone'])
  await on.pass(12_000)
  assert.equal(on.isAway(), true)
  on.forget()
  await on.pass(1_000)
  assert.equal(on.isAway(), false)
})
