import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import type { Event } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import { systemIds } from '#base/id.ts'
import { Secret, silentLog } from '#base/log.ts'
import { networkTransport } from '#http/upstream.ts'
import type { CourierPorts } from './courier.ts'
import { afterTry, startCourier, triesMax } from './courier.ts'
import type { Delivery } from './port.ts'
import type { Recipient } from './recipient.ts'
import { sendEvent } from './send.ts'
import { signatureHeaders } from './sign.ts'

type Got = { readonly headers: IncomingMessage['headers']; readonly body: string }

/** A receiver on a real socket that answers these statuses in turn, then 204. */
const receiver = async (context: TestContext, statuses: readonly number[] = []) => {
  const left = [...statuses]
  const got: Got[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    got.push({ headers: request.headers, body })
    response.writeHead(left.shift() ?? 204).end()
    server.emit('got')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  return {
    got,
    next: () => once(server, 'got'),
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
  }
}

const secret = new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
const happening = {
  name: 'provider_down',
  account: null,
  object: 'moonshot',
  ...telling('provider_back', { provider: 'moonshot' }),
  figure: null,
  facts: {},
} as const

/** An outbox that keeps what it is given, and says when a delivery was noted. */
const listOutbox = () => {
  const events = new Map<string, Event>()
  const deliveries = new Map<string, Delivery>()
  let noted = (): void => {}
  return {
    deliveries,
    nextNote: () =>
      new Promise<void>((resolve) => {
        noted = resolve
      }),
    keepEvent: async (event: Event, recipients: readonly string[]) => {
      events.set(event.id, event)
      for (const recipient of recipients)
        deliveries.set(recipient, {
          event: event.id,
          recipient,
          state: 'pending',
          tries: 0,
          nextMs: 0,
          deliveredMs: null,
          error: null,
        })
      return true
    },
    dueDeliveries: async (nowMs: number) =>
      [...deliveries.values()].flatMap((delivery) => {
        const event = events.get(delivery.event)
        return event !== undefined && delivery.nextMs !== null && delivery.nextMs <= nowMs ? [{ delivery, event }] : []
      }),
    noteDelivery: async (delivery: Delivery) => {
      deliveries.set(delivery.recipient, delivery)
      noted()
    },
  }
}

const portsFor = (context: TestContext, way: Recipient['way']) => {
  const clock = systemClock()
  const outbox = listOutbox()
  const open = networkTransport({ allowPrivate: true, proxy: null, certificateAuthorities: null, clock })
  const closed = networkTransport({ allowPrivate: false, proxy: null, certificateAuthorities: null, clock })
  context.after(() => Promise.all([open.close(), closed.close()]))
  const ports: CourierPorts = {
    outbox,
    rules: () => [{ event: 'provider_down', above: null, below: null, recipients: ['hook'] }],
    recipients: () => new Map([['hook', { name: 'hook', way }]]),
    transport: (allowPrivate) => (allowPrivate ? open : closed),
    mailer: null,
    clock,
    ids: systemIds(clock),
    log: silentLog,
  }
  return { ports, outbox }
}

test('what happened is posted, signed, and noted as delivered', async (context) => {
  const { got, url } = await receiver(context)
  const { ports, outbox } = portsFor(context, { kind: 'webhook', url, secret, allowPrivate: true })
  const courier = startCourier(ports)
  const noted = outbox.nextNote()
  courier.emit(happening)
  await noted
  await courier.close()
  const [post] = got
  assert.ok(post)
  const id = String(post.headers['webhook-id'])
  const timeMs = Number(post.headers['webhook-timestamp']) * 1000
  assert.equal(
    post.headers['webhook-signature'],
    signatureHeaders({ id, timeMs, body: post.body, secret })['webhook-signature'],
  )
  assert.equal(JSON.parse(post.body).data.id, id)
  assert.equal(outbox.deliveries.get('hook')?.state, 'delivered')
})

test('a chat gets one text, in the form that Slack and those like it take', async (context) => {
  const { got, url } = await receiver(context)
  const { ports, outbox } = portsFor(context, { kind: 'slack', url: new Secret(url), allowPrivate: true })
  const courier = startCourier(ports)
  const noted = outbox.nextNote()
  courier.emit(happening)
  await noted
  await courier.close()
  const { text, ...rest } = JSON.parse(got[0]?.body ?? '{}')
  assert.match(text, /"moonshot" answers again/)
  assert.deepEqual(rest, {})
  assert.equal(outbox.deliveries.get('hook')?.state, 'delivered')
})

test('a receiver that fails is tried again later, and the note says why', async (context) => {
  const { url } = await receiver(context, [500])
  const { ports, outbox } = portsFor(context, { kind: 'webhook', url, secret, allowPrivate: true })
  const courier = startCourier(ports)
  const noted = outbox.nextNote()
  courier.emit(happening)
  await noted
  await courier.close()
  const delivery = outbox.deliveries.get('hook')
  assert.equal(delivery?.state, 'pending')
  assert.equal(delivery.error, 'the receiver answered 500')
  assert.ok((delivery.nextMs ?? 0) >= ports.clock.nowMs() + 4000)
})

test('what happens while the server stops is still kept', async (context) => {
  const { url } = await receiver(context)
  const { ports, outbox } = portsFor(context, { kind: 'webhook', url, secret, allowPrivate: true })
  const courier = startCourier(ports)
  courier.emit(happening)
  await courier.close()
  assert.equal(outbox.deliveries.size, 1)
})

test('an address on the own network is refused unless it is allowed', async (context) => {
  const { got, url } = await receiver(context)
  const { ports } = portsFor(context, { kind: 'webhook', url, secret, allowPrivate: false })
  const event = { ...happening, id: 'evt_1', timeMs: 0 }
  const refused = await sendEvent(
    event,
    { name: 'hook', way: { kind: 'webhook', url, secret, allowPrivate: false } },
    ports,
  )
  assert.match(String(refused), /127\.0\.0\.1/)
  const mail = await sendEvent(event, { name: 'm', way: { kind: 'mail', addresses: ['a@example.com'] } }, ports)
  assert.match(String(mail), /no mail server/)
  assert.equal(got.length, 0)
})

test('tries end: each wait is longer than the one before, and the last failure is the end', () => {
  let delivery: Delivery = {
    event: 'evt_1',
    recipient: 'hook',
    state: 'pending',
    tries: 0,
    nextMs: 0,
    deliveredMs: null,
    error: null,
  }
  let lastWaitMs = 0
  for (let tries = 1; tries < triesMax; tries += 1) {
    delivery = afterTry(delivery, { error: 'x'.repeat(900), nowMs: 1000, chance: 0 })
    assert.equal(delivery.state, 'pending')
    assert.equal(delivery.error?.length, 500)
    const waitMs = (delivery.nextMs ?? 0) - 1000
    assert.ok(waitMs > lastWaitMs)
    lastWaitMs = waitMs
  }
  const dead = afterTry(delivery, { error: 'gone', nowMs: 2000, chance: 0 })
  assert.deepEqual([dead.state, dead.nextMs, dead.tries], ['dead', null, triesMax])
  const taken = afterTry(delivery, { error: null, nowMs: 3000, chance: 0.9 })
  assert.deepEqual([taken.state, taken.nextMs, taken.deliveredMs, taken.error], ['delivered', null, 3000, null])
})
