/** What a run may spend, and has spent. Money in nano-USD. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { tokensPerPrice } from '#base/money.ts'
import type { Ask, Exchange } from '#probe/exchange.ts'
import { countAt, objectAt, readWire } from '#probe/wire-events.ts'

/** Nano-USD per million tokens. */
export type Rates = { readonly inputNanoUsd: bigint; readonly outputNanoUsd: bigint }

export type Amount = { readonly calls: number; readonly inputTokens: number; readonly outputTokens: number }

export const nothing: Amount = { calls: 0, inputTokens: 0, outputTokens: 0 }

/** Adds two amounts. */
export const sumOf = (left: Amount, right: Amount): Amount => ({
  calls: left.calls + right.calls,
  inputTokens: left.inputTokens + right.inputTokens,
  outputTokens: left.outputTokens + right.outputTokens,
})

/** What an amount costs, rounded up. */
export const costOf = ({ inputTokens, outputTokens }: Amount, rates: Rates): bigint => {
  const nano = BigInt(inputTokens) * rates.inputNanoUsd + BigInt(outputTokens) * rates.outputNanoUsd
  return (nano + tokensPerPrice - 1n) / tokensPerPrice
}

/** English takes a little more than four characters a token; long prompts here are of such. What a call really took is settled after it. */
const bytesPerToken = 4
const imageTokens = 1_000
const limitFields = ['max_completion_tokens', 'max_tokens', 'max_output_tokens']
const generating = /^(?:chat\/completions|completions|messages|models\/.*[gG]enerateContent.*)$/

const dataUrls = /"data:[^"]*"/g

const textBytes = (body: JsonObject): { readonly bytes: number; readonly images: number } => {
  const text = JSON.stringify(body)
  if (!text.includes('"data:')) return { bytes: Buffer.byteLength(text), images: 0 }
  return { bytes: Buffer.byteLength(text.replace(dataUrls, '')), images: text.match(dataUrls)?.length ?? 0 }
}

/** What one call may cost at most. */
export const boundOf = (ask: Ask): Amount => {
  if (ask.method !== 'POST' || !generating.test(ask.path) || ask.body === undefined) return { ...nothing, calls: 1 }
  const { bytes, images } = textBytes(ask.body)
  const limits = limitFields.flatMap((field) => countAt(ask.body, field) ?? [])
  const output = limits.length === 0 ? (ask.outputTokensMax ?? 1_024) : Math.max(...limits)
  const copies = countAt(ask.body, 'n') ?? 1
  return {
    calls: 1,
    inputTokens: Math.ceil(bytes / bytesPerToken) + images * imageTokens,
    outputTokens: output * copies,
  }
}

const firstCount = (usage: JsonObject, names: readonly string[]): number | null =>
  names.map((name) => countAt(usage, name)).find((count) => count !== null) ?? null

/** What the endpoint says a call has used; `null` = it says nothing. */
export const usageOf = (exchange: Exchange): Amount | null => {
  if (exchange.status !== 200) return { ...nothing, calls: 1 }
  let found: JsonObject = {}
  for (const { json } of readWire(exchange).events) {
    const start = objectAt(objectAt(json, 'message'), 'usage')
    for (const usage of [start, json['usage'], json['usageMetadata']])
      if (isObject(usage)) found = { ...found, ...usage }
  }
  const inputTokens = firstCount(found, ['prompt_tokens', 'input_tokens', 'promptTokenCount'])
  const outputTokens = firstCount(found, ['completion_tokens', 'output_tokens', 'candidatesTokenCount'])
  return inputTokens === null || outputTokens === null ? null : { calls: 1, inputTokens, outputTokens }
}

export type PurseOptions = { readonly rates: Rates | null; readonly nanoUsdMax: bigint; readonly callsMax: number }

/** Holds the bound of each call until it is known what it cost, so that calls in flight cannot pass the cap together. */
export class Purse {
  readonly #options: PurseOptions
  #spent: Amount = nothing
  #held: Amount = nothing

  constructor(options: PurseOptions) {
    this.#options = options
  }

  get spent(): Amount {
    return this.#spent
  }

  /** `null` = there is no price. */
  get spentNanoUsd(): bigint | null {
    return this.#options.rates === null ? null : costOf(this.#spent, this.#options.rates)
  }

  /** Why the calls cannot be made; `null` = they can, and their bound is held. */
  hold(asks: readonly Ask[]): string | null {
    const bound = asks.map(boundOf).reduce(sumOf, nothing)
    const all = sumOf(sumOf(this.#spent, this.#held), bound)
    const { rates, nanoUsdMax, callsMax } = this.#options
    if (all.calls > callsMax) return `the cap of ${callsMax} calls is reached (--max-calls)`
    if (rates !== null && costOf(all, rates) > nanoUsdMax) return 'the cost cap would be passed (--max-usd)'
    this.#held = sumOf(this.#held, bound)
    return null
  }

  settle(exchange: Exchange): void {
    const bound = boundOf(exchange.ask)
    this.#held = sumOf(this.#held, {
      calls: -bound.calls,
      inputTokens: -bound.inputTokens,
      outputTokens: -bound.outputTokens,
    })
    this.#spent = sumOf(this.#spent, usageOf(exchange) ?? bound)
  }

  /** Gives back the bound of calls that were never sent. */
  release(asks: readonly Ask[]): void {
    for (const bound of asks.map(boundOf))
      this.#held = sumOf(this.#held, {
        calls: -bound.calls,
        inputTokens: -bound.inputTokens,
        outputTokens: -bound.outputTokens,
      })
  }
}
