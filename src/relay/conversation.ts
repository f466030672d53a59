/** Which calls belong together, so that they stay with one target and its prompt cache keeps its value. */

import { hash } from 'node:crypto'
import { memberText, readMember } from '#base/json.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'

const nameCharactersMax = 512
/** Of the beginning of a prompt no more than this is looked at. */
const prefixBytesMax = 262_144

/** Body fields by which callers name a conversation or a person, the closer one first. */
const fields: readonly string[] = ['prompt_cache_key', 'session_id', 'safety_identifier', 'user']

const digestOf = (text: string | Buffer): Buffer => hash('sha256', text, 'buffer')

const shortDigest = (text: string | Buffer): string => digestOf(text).toString('hex').slice(0, 32)

/** What the records name a conversation by that its caller names so. */
export const conversationNamed = (text: string): string => shortDigest(text.slice(0, nameCharactersMax))

/**
 * A digest of what the caller names the conversation by: `x-session-id`, else a body field; `null` = nothing. A
 * digest, because a caller's name for a person has no business in the records.
 */
export const conversationOf = (call: Call, session: string | null): string | null => {
  if (session !== null) return conversationNamed(session)
  if (call.payload.kind !== 'json') return null
  for (const field of fields) {
    const value = readMember(call.payload.top, field)
    if (typeof value === 'string' && value !== '') return conversationNamed(value)
  }
  // Anthropic's callers name the person here.
  const metadata = readMember(call.payload.top, 'metadata')
  const person = isObject(metadata) ? metadata['user_id'] : undefined
  return typeof person === 'string' && person !== '' ? conversationNamed(person) : null
}

/** Members that hold the turns of a conversation, in the formats that there are, and what stands before the first one. */
const turnMembers: readonly string[] = ['messages', 'input', 'contents']
const leadMembers: readonly string[] = ['system', 'instructions', 'systemInstruction', 'system_instruction', 'tools']

const openers: ReadonlySet<number> = new Set([0x7b, 0x5b])
const closers: ReadonlySet<number> = new Set([0x7d, 0x5d])
const quote = 0x22
const backslash = 0x5c
const comma = 0x2c

/** The elements of a JSON list as they were written, up to `countMax`; the text is known to be sound. */
function* elementsOf(list: Buffer, countMax: number): Generator<Buffer> {
  let depth = 0
  let start = 1
  let found = 0
  let inText = false
  for (let at = 0; at < Math.min(list.length, prefixBytesMax) && found < countMax; at += 1) {
    const byte = list[at] ?? 0
    if (inText) {
      if (byte === backslash) at += 1
      else if (byte === quote) inText = false
      continue
    }
    if (byte === quote) inText = true
    else if (openers.has(byte)) depth += 1
    const ends = (byte === comma && depth === 1) || (closers.has(byte) && depth === 1)
    if (ends && at > start) {
      found += 1
      yield list.subarray(start, at)
      start = at + 1
    }
    if (closers.has(byte)) depth -= 1
  }
}

const roleOf = (element: Buffer): unknown => {
  const value: unknown = JSON.parse(element.toString('utf8'))
  return isObject(value) ? value['role'] : undefined
}

const leadRoles: readonly unknown[] = ['system', 'developer']
/** Turns at the beginning that are the operator of a program's, before its user speaks. */
const turnsMax = 8

export type Thread = {
  /** `null` = the call is no conversation. */
  readonly name: string | null
  /** Whether it has gone on already: the assistant has spoken. */
  readonly isSure: boolean
}

/**
 * A conversation by how its prompt begins: what precedes its first turn, and that turn. All calls of a conversation begin so; so may the
 * first calls of others, which is why only one that has gone on is sure.
 */
export const threadOf = (call: Call): Thread => {
  if (call.kind !== 'chat' || call.payload.kind !== 'json') return { name: null, isSure: false }
  const { top } = call.payload
  const turns = turnMembers.map((name) => memberText(top, name)).find((text) => text?.[0] === 0x5b)
  if (turns === undefined) return { name: null, isSure: false }
  const lead = leadMembers.flatMap((name) => memberText(top, name)?.subarray(0, prefixBytesMax) ?? [])
  let hasSpoken = false
  for (const element of elementsOf(turns, turnsMax)) {
    if (hasSpoken) return { name: shortDigest(Buffer.concat(lead)), isSure: true }
    lead.push(element)
    hasSpoken = !leadRoles.includes(roleOf(element))
  }
  return hasSpoken ? { name: shortDigest(Buffer.concat(lead)), isSure: false } : { name: null, isSure: false }
}

type Named = {
  readonly call: Call
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Id of the caller's key. */
  readonly key: string
}

/** `a.b`: a field of a field of the body. */
const fieldAt = ({ payload }: Call, path: string): unknown => {
  if (payload.kind !== 'json') return undefined
  const [first = '', ...rest] = path.split('.')
  return rest.reduce<unknown>(
    (value, name) => (isObject(value) ? value[name] : undefined),
    readMember(payload.top, first),
  )
}

/** One source of a name, as a migration's file writes it; `null` = this call has none of it. */
const namedBy = (source: string, { call, headers, key }: Named): string | null => {
  if (source === 'api_key') return key
  if (source === 'hash:prefix') return threadOf(call).name
  const [kind = '', name = ''] = source.split(':')
  const value = kind === 'header' ? headers[name.toLowerCase()] : fieldAt(call, name)
  return typeof value === 'string' && value !== '' ? shortDigest(value.slice(0, nameCharactersMax)) : null
}

/** What a conversation is known by, in an order that the operator has chosen; `null` = the call has none of it. */
export const nameBy = (sources: readonly string[], named: Named): string | null => {
  for (const source of sources) {
    const name = namedBy(source, named)
    if (name !== null) return `${source} ${name}`
  }
  return null
}

/** A number in [0, 1) that is always the same for a conversation and a target. */
export const drawOf = (conversation: string, target: string): number =>
  digestOf(`${conversation}:${target}`).readUInt32BE(0) / 2 ** 32
