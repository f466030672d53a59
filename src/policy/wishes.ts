/** What a caller wishes of the route: OpenRouter's `provider` object (https://openrouter.ai/docs/features/provider-routing, read 2026-11-22). */

import { nanoOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { Strategy } from './strategy.ts'

/** The most that a caller will pay: nano-USD per million tokens, and per call. */
export type MaxPrice = {
  readonly input: bigint | null
  readonly output: bigint | null
  readonly perCall: bigint | null
}

export type Wishes = {
  /** Names of providers or vendors, lower case. */
  readonly order: readonly string[]
  readonly only: readonly string[] | null
  readonly ignore: readonly string[]
  readonly strategy: Strategy | null
  readonly allowFallbacks: boolean
  readonly requireParameters: boolean
  readonly maxPrice: MaxPrice | null
  /** `deny`: only providers that keep nothing for training; `zero`: that keep nothing at all. */
  readonly data: 'allow' | 'deny' | 'zero'
  readonly warnings: readonly string[]
}

export const noWishes: Wishes = Object.freeze({
  order: [],
  only: null,
  ignore: [],
  strategy: null,
  allowFallbacks: true,
  requireParameters: false,
  maxPrice: null,
  data: 'allow',
  warnings: [],
})

type Fields = Readonly<Record<string, unknown>>

const namesMax = 64

const refuse = (field: string, message: string): never => {
  throw new Problem('invalid_request_error', { message, param: `provider.${field}` })
}

const wrong = (field: string, expected: string): never =>
  refuse(field, `Wrong type for 'provider.${field}': ${expected} is expected.`)

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

const namesOf = (fields: Fields, field: string): readonly string[] | null => {
  const value = fields[field]
  if (!isGiven(value)) return null
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
    return wrong(field, 'an array of provider names')
  if (value.length > namesMax) return refuse(field, `'provider.${field}' names more than ${namesMax} providers.`)
  return value.map((item: string) => item.toLowerCase())
}

const flagOf = (fields: Fields, field: string, absent: boolean): boolean => {
  const value = fields[field]
  if (!isGiven(value)) return absent
  return typeof value === 'boolean' ? value : wrong(field, 'a boolean')
}

const sorts: Readonly<Record<string, Strategy>> = {
  price: 'cheapest',
  latency: 'least-latency',
  throughput: 'throughput',
}

const sortOf = (fields: Fields): Strategy | null => {
  const value = fields['sort']
  if (!isGiven(value)) return null
  const by = typeof value === 'object' ? (value as Fields)['by'] : value
  if (typeof by !== 'string') return wrong('sort', '"price", "latency" or "throughput"')
  return (
    sorts[by] ?? refuse('sort', `'provider.sort' is '${by.slice(0, 40)}'; price, latency and throughput are known.`)
  )
}

/** Numbers as OpenRouter's callers write them, or decimals as text. */
const amountOf = (value: unknown, field: string): bigint | null => {
  if (!isGiven(value)) return null
  const text = typeof value === 'number' && Number.isFinite(value) ? value.toFixed(9) : value
  if (typeof text !== 'string' || !/^\d{1,9}(\.\d{1,9})?$/.test(text))
    return wrong(`max_price.${field}`, 'an amount of USD such as 0.5')
  return nanoOf(text)
}

const maxPriceOf = (fields: Fields, unheard: (field: string) => void): MaxPrice | null => {
  const value = fields['max_price']
  if (!isGiven(value)) return null
  if (typeof value !== 'object' || Array.isArray(value)) return wrong('max_price', 'an object')
  const { prompt, completion, request, ...others } = value as Fields
  for (const other of Object.keys(others)) unheard(`max_price.${other}`)
  return {
    input: amountOf(prompt, 'prompt'),
    output: amountOf(completion, 'completion'),
    perCall: amountOf(request, 'request'),
  }
}

const dataOf = (fields: Fields): Wishes['data'] => {
  const value = fields['data_collection']
  if (isGiven(value) && value !== 'allow' && value !== 'deny') return wrong('data_collection', '"allow" or "deny"')
  if (flagOf(fields, 'zdr', false)) return 'zero'
  return value === 'deny' ? 'deny' : 'allow'
}

const known: readonly string[] = [
  'order',
  'only',
  'ignore',
  'sort',
  'allow_fallbacks',
  'require_parameters',
  'max_price',
  'data_collection',
  'zdr',
]

/**
 * The wishes in a caller's `provider` object; what is not known here is a warning.
 * @throws Problem `invalid_request_error` naming the field that has a wrong type.
 */
export const wishesOf = (provider: unknown): Wishes => {
  if (!isGiven(provider)) return noWishes
  if (typeof provider !== 'object' || Array.isArray(provider))
    throw new Problem('invalid_request_error', {
      message: "Wrong type for 'provider': an object is expected.",
      param: 'provider',
    })
  const fields = provider as Fields
  const warnings: string[] = []
  const unheard = (field: string): void => {
    warnings.push(`provider.${field.slice(0, 64)}:not taken`)
  }
  for (const field of Object.keys(fields)) if (!known.includes(field)) unheard(field)
  return {
    order: namesOf(fields, 'order') ?? [],
    only: namesOf(fields, 'only'),
    ignore: namesOf(fields, 'ignore') ?? [],
    strategy: sortOf(fields),
    allowFallbacks: flagOf(fields, 'allow_fallbacks', true),
    requireParameters: flagOf(fields, 'require_parameters', false),
    maxPrice: maxPriceOf(fields, unheard),
    data: dataOf(fields),
    warnings,
  }
}
