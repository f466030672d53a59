/**
 * An applied provider in two: what is said of it, and its credentials. It may come from afar, and whoever says where a credential is
 * sent would be sent it: so it names nothing that lies on this machine, and brings its credentials itself.
 */

import { isObject } from '#base/json-type.ts'
import { headerForm } from '#provider/settings.ts'
import type { Path } from './fault.ts'
import type { Tell } from './resolve.ts'

/** Of a provider, in the open. */
export type AppliedSecrets = {
  readonly keys: readonly string[]
  /** By their lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

/** What stands in the place of a credential that is kept already. */
export const keptWord = 'kept'

/** `null` in the place of a text = the one that is kept. */
export type GivenSecrets = {
  /** `null` = those that are kept. */
  readonly keys: readonly string[] | null
  readonly headers: Readonly<Record<string, string | null>>
}

export type SplitProvider = {
  /** What is said of it, with `kept` in the places of credentials: as it is stored, and exported. */
  readonly document: Readonly<Record<string, unknown>>
  /** The same without those places: as drover.yaml would have it. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly given: GivenSecrets
}

const keyLengthMax = 8192
const keysMax = 100
const referenceForm = /^(env|file|vault|aws-sm|gcp-sm|azure-kv):/

const mend = 'or declare the provider in drover.yaml, on the machine of the server'

const referenceRefusal = (scheme: string): string =>
  `refers to this server's secrets ('${scheme}:'), which a provider that is applied may not: whoever says where it is reached would be sent them. Write the credential itself, which is kept encrypted and never shown, ${mend}`

/** A credential that is given; `null` after a fault was told. */
const literal = (value: unknown, path: Path, tell: Tell): string | null => {
  if (typeof value !== 'string' || value.length === 0 || value.length > keyLengthMax) {
    tell(path, `must be the credential itself, 1 to ${keyLengthMax} characters, or '${keptWord}'`)
    return null
  }
  const scheme = referenceForm.exec(value)?.[1]
  if (scheme !== undefined) {
    tell(path, referenceRefusal(scheme))
    return null
  }
  if (/^[\x20-\x7e]+$/.test(value)) return value
  tell(path, 'cannot stand in a header: it holds a line break or a character outside ASCII')
  return null
}

const keysOf = (fields: Readonly<Record<string, unknown>>, name: string, tell: Tell): readonly string[] | null => {
  const { api_key: single, api_keys: several } = fields
  const at = (...rest: readonly (string | number)[]): Path => ['providers', name, ...rest]
  if (single !== undefined && several !== undefined) tell(at('api_keys'), 'stands beside api_key: keep one of the two')
  if (single === keptWord || several === keptWord) return null
  if (single !== undefined) return [literal(single, at('api_key'), tell)].filter((one) => one !== null)
  if (several === undefined) return []
  if (!Array.isArray(several) || several.length === 0 || several.length > keysMax) {
    tell(at('api_keys'), `must be a list of 1 to ${keysMax} credentials, or '${keptWord}'`)
    return []
  }
  return several
    .map((one: unknown, index) => literal(one, at('api_keys', index), tell))
    .filter((one): one is string => one !== null)
}

type Headers = Readonly<Record<string, string | null>>

/** Any of them may be a credential, whatever it is called: all are kept as one. */
const headersOf = (headers: unknown, name: string, tell: Tell): Headers => {
  const at = ['providers', name, 'headers']
  if (headers !== undefined && !isObject(headers)) tell(at, 'must be a block of keys')
  const given: Record<string, string | null> = {}
  for (const [header, value] of isObject(headers) ? Object.entries(headers) : []) {
    if (!headerForm.test(header)) tell([...at, header], 'must be the name of an HTTP header')
    const text = value === keptWord ? keptWord : literal(value, [...at, header], tell)
    if (text !== null) given[header.toLowerCase()] = text === keptWord ? null : text
  }
  return given
}

/** What is told names places, and never a value. */
export const splitProvider = (name: string, fields: Readonly<Record<string, unknown>>, tell: Tell): SplitProvider => {
  for (const [field, what] of [
    ['ca_file', 'a file of this server'],
    ['proxy', "a way through this server's network"],
  ] as const)
    if (fields[field] !== undefined)
      tell(['providers', name, field], `names ${what}, which a provider that is applied may not: leave it out, ${mend}`)
  const { api_key: _key, api_keys: _keys, ca_file: _file, proxy: _proxy, headers, ...rest } = fields
  const keys = keysOf(fields, name, tell)
  const given = { keys, headers: headersOf(headers, name, tell) }
  const kept = keys === null || keys.length > 0 ? { api_key: keptWord } : {}
  const names = Object.keys(given.headers)
  const shown = names.length === 0 ? {} : { headers: Object.fromEntries(names.map((one) => [one, keptWord])) }
  return { document: { ...rest, ...kept, ...shown }, settings: rest, given }
}
