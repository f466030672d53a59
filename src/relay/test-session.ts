/** For tests: a session between a caller and a provider that the test speaks for, by a clock that is moved by hand. */

import assert from 'node:assert/strict'
import type { CallRecord } from '#base/call-record.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Channel } from '#http/channel.ts'
import { channelPair } from '#http/channel-pair.ts'
import { findModel } from '#policy/choose.ts'
import type { Guard } from '#policy/guard.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { messageOf } from '#protocol/openai-realtime/server-event.ts'
import { labelsOf } from './labels.ts'
import { runSession } from './realtime-session.ts'
import { openStage } from './test-stage.ts'

/** Longer than any session lasts. */
const endsMs = 5_400_000

/** One side of a session: all that it has heard, until it ended. */
const side = (channel: Channel) => {
  const heard: JsonObject[] = []
  let code: number | null = null
  const listen = async (): Promise<void> => {
    for (let message = await channel.receive(); message !== null; message = await channel.receive())
      heard.push(JSON.parse(message.data.toString('utf8')) as JsonObject)
    code = (await channel.ended).code
  }
  void listen()
  return {
    heard,
    say: (event: JsonObject) => channel.send(messageOf(event)),
    close: () => channel.close({ code: 1000, reason: '' }),
    types: () => heard.map(({ type }) => type),
    error: () => (heard.find(({ type }) => type === 'error')?.['error'] ?? null) as JsonObject | null,
    code: () => code,
  }
}

/** With what it puts into the log of calls. */
export const openTestSession = ({ guards = [] }: { readonly guards?: readonly Guard[] } = {}) => {
  const stage = openStage()
  const { ports: own } = stage
  const records: CallRecord[] = []
  const ports = {
    ...own,
    snapshot: () => ({ ...own.snapshot(), guards }),
    callLog: { ...own.callLog, append: async (record: CallRecord) => void records.push(record) },
  }
  const snapshot = ports.snapshot()
  const [[near, caller], [far, provider]] = [channelPair(), channelPair()]
  const [row, upstream, [key]] = [
    findModel(snapshot.live, 'm'),
    snapshot.upstreams.get('alpha'),
    [...snapshot.keys.values()],
  ]
  const target = row?.targets[0]
  assert(row !== null && target !== undefined && upstream !== undefined && key !== undefined)
  const inbound = inboundOf('')
  const running = runSession({
    room: {
      ports,
      exchange: { inbound, draining: new AbortController().signal, offered: [], accept: async () => assert.fail() },
      labels: labelsOf(inbound),
      target: { leg: { row, target, model: row.id, by: 'model', reason: 'order' }, upstream },
      credential: null,
      key,
      identifyNow: async () => key,
      endsMs,
    },
    ...{ model: 'm', caller: near, upstream: far, settings: null },
  })
  return { stage, running, records, caller: side(caller), provider: side(provider) }
}
