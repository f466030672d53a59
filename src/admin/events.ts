/** What happened, who was told of it, and who can be told. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import type { Event, EventName } from '#base/event.ts'
import { eventKinds } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Delivery, ListedDelivery } from '#notify/port.ts'
import type { AlertRule, Recipient } from '#notify/recipient.ts'
import { handleField } from './field.ts'
import { idNames, namesView } from './id-names.ts'
import { operation } from './operation.ts'
import { listText, table } from './render.ts'
import { sentenceView, viewOfSentenceOr } from './sentence-view.ts'
import { trailRowOf } from './trail-row.ts'

const eventNames = Object.keys(eventKinds) as [EventName, ...EventName[]]

const eventView = z.object({
  id: z.string(),
  time: z.string().describe('RFC 3339, UTC.'),
  name: z.enum(eventNames),
  severity: z.enum(['info', 'warning', 'critical']),
  account: z.string().nullable().describe("Whose it is; null = the operator's own."),
  object: z.string(),
  message: z.string(),
  said: sentenceView.nullable(),
  figure: z.number().nullable(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})

const viewOfEvent = ({ timeMs, facts, said, ...event }: Event): z.input<typeof eventView> => ({
  ...event,
  said: viewOfSentenceOr(said),
  time: rfc3339(timeMs),
  severity: eventKinds[event.name].severity,
  facts: { ...facts },
})

const limitField = () => z.int().min(1).max(1000).default(50).describe('How many rows at most, 1 to 1000.')

const list = operation({
  noun: 'events',
  verb: 'list',
  summary: 'What happened that people may be told of, the newest first.',
  method: 'GET',
  path: '/events',
  scope: 'read',
  input: z.strictObject({
    limit: limitField(),
    after: z.string().min(1).max(100).optional().describe('The id that the page before ended with (its `next`).'),
    name: z.enum(eventNames).optional().describe('Only events of this name.'),
    account: handleField().optional().describe('Only events of this account: its id.'),
  }),
  output: z.object({ data: z.array(eventView), next: z.string().nullable(), names: namesView() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['TIME', 'ID', 'EVENT', 'OBJECT', 'MESSAGE'],
      data.map((event) => [event.time, event.id, event.name, event.object, event.message]),
    ),
  run: async ({ limit, after, name, account }, context) => {
    const filter = { limit, before: after ?? null, name: name ?? null, account: account ?? null }
    const rows = await context.ports.store.events(filter)
    const names = await idNames(
      rows.flatMap((row) => [row.account, row.object, row.message]),
      context,
    )
    return { data: rows.map(viewOfEvent), next: rows.length < limit ? null : (rows.at(-1)?.id ?? null), names }
  },
})

const deliveryView = z.object({
  event: z.string(),
  recipient: z.string(),
  state: z.enum(['pending', 'delivered', 'dead']),
  tries: z.int(),
  next: z.string().nullable().describe('When it is tried next.'),
  delivered: z.string().nullable(),
  error: z.string().nullable().describe('Why the last try failed.'),
})

const timeOrNull = (timeMs: number | null): string | null => (timeMs === null ? null : rfc3339(timeMs))

const viewOfDelivery = ({ nextMs, deliveredMs, ...delivery }: Delivery): z.input<typeof deliveryView> => ({
  ...delivery,
  next: timeOrNull(nextMs),
  delivered: timeOrNull(deliveredMs),
})

const listedDeliveryView = deliveryView.extend({
  name: z.enum(eventNames).nullable().describe('What the event is; null = it is forgotten.'),
})

const viewOfListed = ({ name, ...delivery }: ListedDelivery): z.input<typeof listedDeliveryView> => ({
  ...viewOfDelivery(delivery),
  name,
})

const deliveries = operation({
  noun: 'deliveries',
  verb: 'list',
  summary: 'Who was told of which event, and how it went; the newest first.',
  method: 'GET',
  path: '/deliveries',
  scope: 'read',
  input: z.strictObject({
    limit: limitField(),
    after: z
      .string()
      .regex(/^[^/]{1,100}\/[^/]{1,100}$/, 'must be EVENT/RECIPIENT')
      .optional()
      .describe('EVENT/RECIPIENT that the page before ended with (its `next`).'),
    state: z.enum(['pending', 'delivered', 'dead']).optional().describe('Only deliveries in this state.'),
  }),
  output: z.object({ data: z.array(listedDeliveryView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['EVENT', 'RECIPIENT', 'STATE', 'TRIES', 'NEXT', 'ERROR'],
      data.map((row) => [row.event, row.recipient, row.state, row.tries, row.next, row.error]),
    ),
  run: async ({ limit, after, state }, { ports }) => {
    const [event = '', recipient = ''] = after?.split('/') ?? []
    const rows = await ports.store.deliveries({
      limit,
      before: after === undefined ? null : { event, recipient },
      state: state ?? null,
    })
    const last = rows.length < limit ? undefined : rows.at(-1)
    return { data: rows.map(viewOfListed), next: last === undefined ? null : `${last.event}/${last.recipient}` }
  },
})

const replay = operation({
  noun: 'deliveries',
  verb: 'replay',
  summary: 'Tell a recipient of an event again, from the first try on.',
  method: 'POST',
  path: '/deliveries/{event}/{recipient}/replay',
  scope: 'write',
  input: z.strictObject({
    event: z.string().min(1).max(100).describe("The event's id."),
    recipient: z.string().min(1).max(100).describe("The recipient's name."),
  }),
  output: deliveryView,
  flags: [
    { field: 'event', describe: "The event's id.", positional: true },
    { field: 'recipient', describe: "The recipient's name.", positional: true },
  ],
  run: async ({ event, recipient }, context) => {
    if (!context.ports.tell.recipients().some(({ name }) => name === recipient)) throw unknownRecipient(recipient)
    const nowMs = context.clock.nowMs()
    const after = { event, recipient }
    const trail = trailRowOf({ operation: 'deliveries.replay', object: event, before: null, after }, context)
    const delivery = await context.ports.store.replayDelivery({ event, recipient, nowMs }, trail)
    if (delivery !== null) return viewOfDelivery(delivery)
    throw new Problem('not_found', {
      ...saying('no_event', { event }),
      param: 'event',
    })
  },
})

const unknownRecipient = (name: string): Problem =>
  new Problem('not_found', {
    ...saying('no_recipient', { name }),
    param: 'recipient',
  })

const recipientView = z.object({
  name: z.string(),
  way: z.enum(['mail', 'webhook', 'slack']),
  address: z
    .string()
    .describe('Mail addresses, or the URL of a webhook; of Slack only the host, because its URL is a secret.'),
  events: z.array(z.string()).describe('What it is told of, by the alerts of the configuration.'),
})

const ruleView = z.object({
  event: z.enum(eventNames),
  unit: z
    .enum(['milliseconds', 'percent', 'usd', 'days'])
    .nullable()
    .describe('What the figures of the event are in; null = it has none.'),
  above: z.number().nullable(),
  below: z.number().nullable(),
  recipients: z.array(z.string()),
})

const unitOf = (event: EventName): z.input<typeof ruleView>['unit'] => {
  const kind: { readonly figure?: NonNullable<z.input<typeof ruleView>['unit']> } = eventKinds[event]
  return kind.figure ?? null
}

const addressOf = ({ way }: Recipient): string => {
  if (way.kind === 'mail') return way.addresses.join(', ')
  return way.kind === 'webhook' ? way.url : (URL.parse(way.url.reveal())?.host ?? 'unknown')
}

const viewOfRecipient = (recipient: Recipient, alerts: readonly AlertRule[]): z.input<typeof recipientView> => ({
  name: recipient.name,
  way: recipient.way.kind,
  address: addressOf(recipient),
  events: [
    ...new Set(alerts.filter(({ recipients }) => recipients.includes(recipient.name)).map(({ event }) => event)),
  ],
})

const recipients = operation({
  noun: 'recipients',
  verb: 'list',
  summary: 'Who can be told of events, and of which.',
  method: 'GET',
  path: '/recipients',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({
    data: z.array(recipientView),
    rules: z
      .array(ruleView)
      .describe('The alerts of the configuration: what is told to whom, and from which figure on.'),
  }),
  flags: [],
  render: ({ data }) =>
    table(
      ['NAME', 'WAY', 'ADDRESS', 'EVENTS'],
      data.map((row) => [row.name, row.way, row.address, listText(row.events)]),
    ),
  run: async (_input, { ports: { tell } }) => ({
    data: tell.recipients().map((one) => viewOfRecipient(one, tell.alerts())),
    rules: tell.alerts().map(({ recipients: told, ...rule }) => ({
      ...rule,
      unit: unitOf(rule.event),
      recipients: [...told],
    })),
  }),
})

const tryRecipient = operation({
  noun: 'recipients',
  verb: 'test',
  summary: 'Send a recipient a test event now, once.',
  method: 'POST',
  path: '/recipients/{name}/test',
  scope: 'write',
  input: z.strictObject({ name: z.string().min(1).max(100).describe("The recipient's name.") }),
  output: z.object({ name: z.string(), ok: z.boolean(), error: z.string().nullable() }),
  flags: [{ field: 'name', describe: "The recipient's name.", positional: true }],
  failure: ({ error }) => error,
  run: async ({ name }, { ports: { tell }, ids, clock }) => {
    const recipient = tell.recipients().find((one) => one.name === name)
    if (recipient === undefined) throw unknownRecipient(name)
    const error = await tell.send(recipient, {
      id: ids.next('evt'),
      name: 'provider_up',
      timeMs: clock.nowMs(),
      account: null,
      object: 'test',
      ...telling('test_reaches'),
      figure: null,
      facts: { test: true },
    })
    return { name, ok: error === null, error }
  },
})

export const eventOperations = [list, deliveries, replay, recipients, tryRecipient] as const
