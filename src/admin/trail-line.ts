/** Rows of the trail as lines for other systems, and read back from there: JSON, CEF and syslog. */

import { rfc3339 } from '#base/clock.ts'
import { isObject } from '#base/json-type.ts'
import type { TrailLink } from '#base/trail-chain.ts'

export const trailFormats = ['jsonl', 'cef', 'syslog'] as const
export type TrailFormat = (typeof trailFormats)[number]

/** Of one field of a CEF line: longer ones are cut by those who read it (ArcSight CEF guide, read 2026-11-29). */
const cefFieldMax = 4_000
/** Facility 13 (log audit), severity 5 (notice): 13 * 8 + 5 (RFC 5424, section 6.2.1). */
const priority = 109
/** The number that examples and private elements use (RFC 5612). */
const enterprise = 32_473

const jsonLine = ({ row, position, previousHash, hash }: TrailLink): string =>
  JSON.stringify({
    position,
    id: row.id,
    time: rfc3339(row.timeMs),
    time_ms: row.timeMs,
    actor: row.actor,
    operation: row.operation,
    object: row.object,
    // As texts: the hash is over these very bytes.
    before: row.before,
    after: row.after,
    request_id: row.requestId,
    previous_hash: previousHash,
    hash,
  })

const cefHead = (text: string): string => text.replace(/[\\|]/g, '\\$&').replace(/[\r\n]+/g, ' ')
const cefValue = (text: string): string =>
  text.slice(0, cefFieldMax).replace(/[\\=]/g, '\\$&').replace(/\r?\n/g, '\\n').replace(/\r/g, '\\r')

/** Roles, keys, credentials and money weigh more than the rest: what people set alarms on. */
const severityOf = (operation: string): number =>
  /^(?:keys|members|people|credentials|credits|payments|receipt|store-moves|person|session)\b/.test(operation) ? 6 : 3

const cefLine = ({ row, position, previousHash, hash }: TrailLink, version: string): string => {
  const head = ['CEF:0', 'Drover', 'Drover', version, row.operation, row.operation, String(severityOf(row.operation))]
  const fields: readonly (readonly [string, string | null])[] = [
    ['rt', String(row.timeMs)],
    ['suser', row.actor],
    ['externalId', row.id],
    ['cn1Label', 'position'],
    ['cn1', String(position)],
    ['cs1Label', 'object'],
    ['cs1', row.object],
    ['cs2Label', 'hash'],
    ['cs2', hash],
    ['cs3Label', 'previousHash'],
    ['cs3', previousHash],
    ['cs4Label', 'requestId'],
    ['cs4', row.requestId],
    ['cs5Label', 'before'],
    ['cs5', row.before],
    ['cs6Label', 'after'],
    ['cs6', row.after],
  ]
  const said = fields.filter(
    (pair, place) => pair[1] !== null && (pair[0].endsWith('Label') ? fields[place + 1]?.[1] !== null : true),
  )
  return `${head.map(cefHead).join('|')}|${said.map(([name, value]) => `${name}=${cefValue(value ?? '')}`).join(' ')}`
}

const syslogValue = (text: string): string => text.replace(/["\\\]]/g, '\\$&').replace(/[\r\n]+/g, ' ')

const syslogLine = (link: TrailLink): string => {
  const { row, position, previousHash, hash } = link
  const elements = [
    ['position', String(position)],
    ['id', row.id],
    ['actor', row.actor],
    ['object', row.object],
    ['hash', hash],
    ['previousHash', previousHash],
  ].map(([name, value]) => `${name}="${syslogValue(value ?? '')}"`)
  const name = row.operation.replace(/[^!-~]/g, '_').slice(0, 32)
  // RFC 5424 has no host of its own for an export; the shipper knows it.
  return `<${priority}>1 ${rfc3339(row.timeMs)} - drover - ${name} [trail@${enterprise} ${elements.join(' ')}] ${jsonLine(link)}`
}

/** One line, without the line feed. `version`: Drover's, which CEF names. */
export const trailLine = (link: TrailLink, format: TrailFormat, version: string): string => {
  if (format === 'cef') return cefLine(link, version)
  return format === 'syslog' ? syslogLine(link) : jsonLine(link)
}

/** What is altered in a line whose row is proven, as far as the row says what the line is; `null` = nothing. Only of `jsonl` and `syslog`. */
export const lineFault = (line: string, link: TrailLink): string | null => {
  const isSyslog = line.startsWith('<')
  if (line === (isSyslog ? syslogLine(link) : jsonLine(link))) return null
  return `the line is not written as its row is: ${isSyslog ? 'its head, its structured data or its message' : 'its time, or what else it has,'} was altered`
}

const textOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string'

/** The link that a line of `jsonl` or `syslog` holds; `null` = it holds none that can be checked. */
export const linkIn = (line: string): TrailLink | null => {
  const at = line.startsWith('<') ? line.indexOf('"] {') + 3 : 0
  let value: unknown
  try {
    value = JSON.parse(line.slice(at))
  } catch {
    // CEF, or something else: it cannot be checked, and the caller says so.
    return null
  }
  if (!isObject(value)) return null
  const { position, id, time_ms: timeMs, actor, operation, object, before, after, hash } = value
  const { request_id: requestId, previous_hash: previousHash } = value
  const isWhole =
    typeof position === 'number' &&
    typeof timeMs === 'number' &&
    [id, actor, operation, object, hash, previousHash].every((one) => typeof one === 'string') &&
    [before, after, requestId].every(textOrNull)
  if (!isWhole) return null
  const row = { id, timeMs, actor, operation, object, before, after, requestId } as unknown as TrailLink['row']
  return { row, position, previousHash: String(previousHash), hash: String(hash) }
}
