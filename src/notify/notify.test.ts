import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { Event } from '#base/event.ts'
import { eventKinds } from '#base/event.ts'
import { Secret } from '#base/log.ts'
import { mailOf, slackBody, webhookBody } from './message.ts'
import type { AlertRule } from './recipient.ts'
import { toldOf } from './recipient.ts'
import { signatureHeaders } from './sign.ts'
import { tellingOnce } from './tell-once.ts'

const event: Event = {
  id: 'evt_1',
  name: 'provider_down',
  timeMs: Date.UTC(2026, 10, 28, 22),
  account: null,
  object: 'moonshot',
  message: 'moonshot <fails> & stays so',
  figure: null,
  facts: { attempts: 12, first: null },
}

test('a signature is the one that the specification shows', () => {
  // The example of the Standard Webhooks specification: its secret, id, timestamp, body and signature.
  const headers = signatureHeaders({
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timeMs: 1_614_265_330_999,
    body: '{"test": 2432232314}',
    secret: new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
  })
  assert.deepEqual(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('a secret of another form signs by its bytes', () => {
  const secret = 'a secret of twenty-four characters'
  const headers = signatureHeaders({ id: 'a', timeMs: 1000, body: '{}', secret: new Secret(secret) })
  const expected = createHmac('sha256', secret).update('a.1.{}').digest('base64')
  assert.equal(headers['webhook-signature'], `v1,${expected}`)
})

test('who is told: by name and threshold, each once', () => {
  const rule = (rest: Partial<AlertRule>): AlertRule => ({
    event: 'overhead_p99',
    above: null,
    below: null,
    recipients: ['ops'],
    ...rest,
  })
  const rules = [rule({ above: 50, recipients: ['ops', 'chat'] }), rule({ above: 20 }), rule({ event: 'rollback' })]
  assert.deepEqual(toldOf(rules, { name: 'overhead_p99', figure: 51 }), ['ops', 'chat'])
  assert.deepEqual(toldOf(rules, { name: 'overhead_p99', figure: 50 }), ['ops'])
  assert.deepEqual(toldOf(rules, { name: 'overhead_p99', figure: 20 }), [])
  assert.deepEqual(toldOf(rules, { name: 'rollback', figure: null }), ['ops'])
  const low = [rule({ event: 'balance_low', below: 5 })]
  assert.deepEqual(toldOf(low, { name: 'balance_low', figure: 5 }), ['ops'])
  assert.deepEqual(toldOf(low, { name: 'balance_low', figure: 5.01 }), [])
})

test('a webhook gets everything, a chat and a mail what a person reads', () => {
  assert.deepEqual(JSON.parse(webhookBody(event)), {
    type: 'provider_down',
    timestamp: '2026-11-28T22:00:00.000Z',
    data: {
      id: 'evt_1',
      severity: 'critical',
      account: null,
      object: 'moonshot',
      message: 'moonshot <fails> & stays so',
      figure: null,
      facts: { attempts: 12, first: null },
    },
  })
  assert.equal(
    JSON.parse(slackBody(event)).text,
    '*provider_down* (critical): moonshot &lt;fails&gt; &amp; stays so\nattempts: 12\nfirst: unknown',
  )
  const mail = mailOf({ ...event, message: 'two\r\nBcc: x@example.com' })
  assert.equal(mail.subject, '[Drover] critical: two Bcc: x@example.com')
  assert.match(mail.text, /about: moonshot\ntime: 2026-11-28T22:00:00\.000Z\nattempts: 12\n/)
})

test('every event says when it happens', () => {
  for (const { summary } of Object.values(eventKinds)) assert.match(summary, /^[A-Z'].*\.$/)
})

test('what each node sees for itself names the node, and what of another would be the same', async () => {
  const kept: unknown[] = []
  const keep = tellingOnce({ keepEvent: async (...given) => kept.push(given) > 0 }, 'node_a')
  const sinceMs = event.timeMs - 3_600_000
  const seen = { ...event, facts: { attempts: 12, first: null, node: 'node_a' } }
  await keep(event, ['ops'])
  assert.deepEqual(kept.pop(), [seen, ['ops'], { names: ['provider_down', 'provider_up'], sinceMs }])
  await keep({ ...event, name: 'error_rate' }, [])
  assert.deepEqual(kept.pop(), [{ ...seen, name: 'error_rate' }, [], { names: ['error_rate'], sinceMs }])
  const told = { ...event, name: 'rollback' } as const
  await keep(told, ['ops'])
  assert.deepEqual(kept.pop(), [told, ['ops']])
})
