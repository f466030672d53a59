/**
 * Claude in Anthropic's own format on the clouds of others: the model stands in the address, the version in the body. Vertex AI
 * (`rawPredict`) and Bedrock (`InvokeModel`), held against recorded exchanges of both; that `model` and `stream` are left out for Bedrock, and the
 * betas go into the body, as https://github.com/anthropics/anthropic-sdk-python does it (`lib/bedrock/_client.py`, read 2026-11-29).
 */

import { Buffer } from 'node:buffer'
import { hasMember } from '#base/json.ts'
import type { UpstreamReply } from '#http/transport.ts'
import { StreamMessages } from '#protocol/bedrock-converse/event-stream.ts'
import type { Call } from '#protocol/call.ts'
import type { Adjustment } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

export type ClaudeHost = {
  /** What the body must say instead of the header. */
  readonly version: string
  /** Top-level members that the cloud refuses. */
  readonly cut: readonly string[]
  /** Betas that it takes, as members of the body; absent: it takes the header as it is. */
  readonly betas?: RegExp
}

/** Wishes that Anthropic's own API takes in headers. */
const betaHeader = 'anthropic-beta'

const namesIn = (list: string): readonly string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/** What must change in a Messages call; the betas of the caller's header become a member where the cloud has them there. */
export const forClaudeHost = (
  call: Call,
  host: ClaudeHost,
  callerHeaders: Readonly<Record<string, string>> = {},
): Adjustment => {
  if (call.protocol !== 'anthropic-messages' || call.payload.kind !== 'json') return noAdjustment
  const { top } = call.payload
  const wished = host.betas === undefined ? [] : namesIn(callerHeaders[betaHeader] ?? '')
  const betas = wished.filter((beta) => host.betas?.test(beta) === true)
  const warnings = wished
    .filter((beta) => !betas.includes(beta))
    .map((beta) => ({ field: betaHeader, reason: `${beta} is not known to be taken by this cloud` }))
  const set = {
    ...(hasMember(top, 'anthropic_version') ? {} : { anthropic_version: JSON.stringify(host.version) }),
    ...(betas.length === 0 || hasMember(top, 'anthropic_beta') ? {} : { anthropic_beta: JSON.stringify(betas) }),
  }
  return { edits: { set, cut: host.cut, rename: {} }, warnings, shims: [] }
}

const event = (data: string): string => {
  const type = /^\{"type":"([a-z_]+)"/.exec(data)?.[1] ?? String((JSON.parse(data) as { type?: unknown }).type)
  return `event: ${type}\ndata: ${data}\n\n`
}

const errorEvent = (name: string, message: unknown): string => {
  const type = /throttl|quota/i.test(name) ? 'rate_limit_error' : 'api_error'
  return event(JSON.stringify({ type: 'error', error: { type, message: String(message ?? name) } }))
}

async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const messages = new StreamMessages()
  for await (const bytes of body) {
    let text = ''
    for (const { type, name, body: said } of messages.read(bytes)) {
      const { bytes: inner, message } = said
      if (type !== 'event') text += errorEvent(name, message)
      else if (typeof inner === 'string') text += event(Buffer.from(inner, 'base64').toString('utf8'))
    }
    if (text !== '') yield Buffer.from(text)
  }
}

/** A reply in Amazon's binary frames as the events that Anthropic sends; any other as it is. */
export const unframed = (reply: UpstreamReply): UpstreamReply => {
  const type = reply.headers['content-type']
  if (typeof type !== 'string' || !type.startsWith('application/vnd.amazon.eventstream')) return reply
  const headers = { ...reply.headers, 'content-type': 'text/event-stream; charset=utf-8' }
  return { ...reply, headers, body: eventsOf(reply.body) }
}
