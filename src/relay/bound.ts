/** The most that a call can cost, before it is made: what is held for it. */

import type { TopLevel } from '#base/json.ts'
import { hasMember, readMember } from '#base/json.ts'
import { divideHalfUp, tokensPerPrice } from '#base/money.ts'
import type { PriceRates, PriceRow } from '#base/price-row.ts'
import { rowsThatMayRate } from '#base/price-row.ts'
import { feeFactor, markupFactor, noRules } from '#base/price-rule.ts'
import { Problem } from '#base/problem.ts'
import { usdFactor } from '#ledger/charge.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { contextTokensOf, outputTokensMaxOf } from '#policy/model-table.ts'
import type { Call, CallKind } from '#protocol/call.ts'
import { bearsMark, markPattern } from './body-mark.ts'
import { searchUnitsOf, secondsMaxOf } from './pieces.ts'
import type { ToolItem } from './tool-items.ts'
import { isToolItem, toolItemsOf, toolRunsOf } from './tool-items.ts'

/** A call that can be given less output than this is refused instead of being cut short. */
export const outputTokensMin = 256
/** Where neither caller nor catalog say how long an answer may get. */
const outputTokensUnknown = 32_768
/** Pieces of a name that no tool bears, where content comes that nobody counts. */
const otherItemsMax = 16

export type Bound = {
  readonly amountNanoUsd: bigint
  /** The same with the least output that is worth a call; equal where the output cannot be bounded. */
  readonly amountMinNanoUsd: bigint
  /** The most that the call can cost with no more output than this. */
  readonly amountFor: (outputTokens: number) => bigint
  /** The output maximum that an amount pays for, in tokens; `null` = the output costs nothing. */
  readonly outputTokensFor: (amountNanoUsd: bigint) => number | null
}

/** Members by which content comes that is not in the body, or is not text: bound by the model's window instead. */
const windowMarks = markPattern([
  '"image_url"',
  '"input_image"',
  '"video_url"',
  '"input_audio"',
  '"input_file"',
  '"file"',
  '"file_id"',
  '"image"',
  '"document"',
  '"inlineData"',
  '"inline_data"',
  '"fileData"',
  '"web_search',
  '"search_parameters"',
  '"x_search"',
  '"collections_search"',
  '"plugins"',
  '"openrouter:',
  '"advisor_',
  '"googleSearch',
  '"google_search',
  '"urlContext"',
  '"url_context"',
  '"web_fetch',
  '"code_execution',
  '"mcp_servers"',
  '"container"',
  '"server_tool',
  '"previous_response_id"',
  '"conversation"',
  '"item_reference"',
  '"prompt":{',
  '"file_search"',
  '"code_interpreter"',
  '"image_generation"',
  '"mcp"',
])

const topOf = ({ payload }: Call): TopLevel | null => (payload.kind === 'json' ? payload.top : null)

/** Whether content comes that is not text in the body, or tools that bill what nobody sees. */
export const asksForWindow = (call: Call): boolean => {
  const top = topOf(call)
  return top !== null && bearsMark(top.names(), windowMarks)
}

const textKinds: readonly CallKind[] = ['chat', 'completion']

/** What is found in a body by looking through all of it: once for a call, whatever the number of its prices. */
type Asked = {
  readonly call: Call
  readonly asksForWindow: boolean
  /** The caller marks what is to be kept. */
  readonly marksCache: boolean
  readonly isText: boolean
  /** Of a text call. */
  readonly tools: readonly ToolItem[]
}

const askedBy = (call: Call): Asked => {
  const isText = textKinds.includes(call.kind)
  return {
    call,
    asksForWindow: asksForWindow(call),
    marksCache: topOf(call)?.names().includes('"cache_control"') === true,
    isText,
    tools: isText ? toolItemsOf(call) : [],
  }
}

/** The most tokens among models that may answer; not sure: of one of them it is unknown. */
type Most = { readonly known: number; readonly isSure: boolean }

type Lengths = Pick<Target, 'contextTokens' | 'outputTokensMax'>

/** Whichever target answers is paid from one hold, so that the widest window and the longest answer of them bound it. */
const mostOf = (row: ModelRow, of: (target: Lengths) => number | null): Most => {
  let known = 0
  let isSure = true
  for (const target of row.targets.length === 0 ? [{}] : row.targets) {
    const count = of(target)
    if (count === null) isSure = false
    else known = Math.max(known, count)
  }
  return { known, isSure }
}

const windowOf = (row: ModelRow): Most => mostOf(row, (target) => contextTokensOf(target, row))

const answerOf = (row: ModelRow): Most =>
  mostOf(row, (target) => outputTokensMaxOf(target, row) ?? contextTokensOf(target, row))

const capped = (tokens: number, { known, isSure }: Most): number => (isSure ? Math.min(tokens, known) : tokens)

/** A token is at least a byte of text, so that bytes bound tokens; no model reads more than its window. */
const inputTokensOf = ({ call, asksForWindow }: Asked, row: ModelRow): number => {
  const window = windowOf(row)
  if (call.inputTokensMax !== undefined) return capped(call.inputTokensMax, window)
  const bytes = call.payload.kind === 'form' ? call.payload.form.sizeBytes : call.inputBytes
  if (!asksForWindow) return capped(bytes, window)
  return window.isSure ? window.known : Math.max(window.known, bytes, topOf(call)?.source.length ?? 0)
}

const silentKinds: readonly CallKind[] = ['embedding', 'moderation', 'rerank']

const outputTokensOf = (call: Call, row: ModelRow): number => {
  if (silentKinds.includes(call.kind)) return 0
  const most = answerOf(row)
  if (call.outputMax !== null) return capped(call.outputMax, most)
  return most.isSure ? most.known : Math.max(most.known, outputTokensUnknown)
}

const dearest = (rates: readonly (bigint | null)[]): bigint | null =>
  rates.reduce((most, rate) => (rate !== null && (most === null || rate > most) ? rate : most), null)

/** Whether the input may be more than text. */
const mayBeMedia = ({ call, asksForWindow }: Asked): boolean =>
  call.inputTokensMax !== undefined || asksForWindow || call.payload.kind === 'form'

const inputRate = (rates: PriceRates, asked: Asked): bigint | null =>
  dearest([
    rates.input,
    rates.cachedInput,
    rates.cacheWrite5m,
    rates.cachedAudioInput ?? null,
    // An hour's cache is only ever written where the caller marks what is to be kept.
    asked.marksCache ? rates.cacheWrite1h : null,
    ...(mayBeMedia(asked) ? [rates.imageInput, rates.audioInput] : []),
  ])

const outputRate = (rates: PriceRates, row: ModelRow): bigint | null =>
  dearest([
    rates.output,
    rates.reasoning,
    ...(row.outputModalities.includes('audio') ? [rates.audioOutput] : []),
    ...(row.outputModalities.includes('image') ? [rates.imageOutput] : []),
  ])

const itemsMax = ({ call, asksForWindow, isText }: Asked): number => {
  if (call.kind === 'image') return call.choices
  if (isText) return asksForWindow ? otherItemsMax : 0
  return silentKinds.includes(call.kind) ? call.choices : call.inputBytes
}

/** Pieces of some names are known closer. */
const ownItemsMax = (call: Call): Readonly<Record<string, number>> => {
  if (call.kind === 'rerank') return { search_units: searchUnitsOf(call) }
  if (call.kind !== 'transcription') return {}
  const seconds = secondsMaxOf(call)
  return { seconds, audio_seconds: seconds }
}

/** What is billed by the piece: of tools only those that the call asks for, and what a model searches unasked. */
const itemsOf = (rates: PriceRates, asked: Asked): bigint => {
  const runs = asked.isText ? toolRunsOf(asked.tools) : null
  const others = itemsMax(asked)
  const own = rates.items === null ? {} : ownItemsMax(asked.call)
  return Object.entries(rates.items ?? {}).reduce((sum, [item, rate]) => {
    const count = runs !== null && isToolItem(item) ? (runs.get(item) ?? 0) : (own[item] ?? others)
    return sum + rate * BigInt(count)
  }, 0n)
}

/** Nano-USD times the divisor: what does not depend on the output, and each token of it. */
type Sum = {
  readonly fixed: bigint
  readonly perToken: bigint
  readonly outputTokens: number
  readonly divisor: bigint
}

const sumFor = (rates: PriceRates, asked: Asked, row: ModelRow): Sum | null => {
  const { call } = asked
  const inputTokens = BigInt(inputTokensOf(asked, row))
  const input = inputRate(rates, asked)
  const output = outputRate(rates, row)
  if (asked.isText && (input === null || output === null)) return null
  return {
    fixed: inputTokens * (input ?? 0n) + ((rates.perCall ?? 0n) + itemsOf(rates, asked)) * tokensPerPrice,
    perToken: (output ?? 0n) * BigInt(call.choices),
    outputTokens: outputTokensOf(call, row),
    divisor: tokensPerPrice,
  }
}

/**
 * In dollars and with the markup, exactly. A discount is not counted: what a call is held for covers it with and without.
 */
const priced = (sum: Sum | null, price: PriceRow, { row, atMs }: { row: ModelRow; atMs: number }): Sum | null => {
  const toUsd = usdFactor(price, atMs)
  if (sum === null || toUsd === null) return null
  const markup = markupFactor(row.rules?.markup ?? null)
  const numerator = toUsd.numerator * markup.numerator
  return {
    ...sum,
    fixed: sum.fixed * numerator,
    perToken: sum.perToken * numerator,
    divisor: sum.divisor * toUsd.denominator * markup.denominator,
  }
}

const tierAsked = (call: Call): string | null => {
  if (call.payload.kind !== 'json' || !hasMember(call.payload.top, 'service_tier')) return null
  const tier = readMember(call.payload.top, 'service_tier')
  // `auto` lets the provider choose by the operator's project, which may be the dearer one.
  return tier === 'auto' ? 'priority' : typeof tier === 'string' ? tier : null
}

const unpriced = (row: ModelRow): Problem =>
  new Problem('price_unknown', {
    message: `Model '${row.id}' has no price here, and this account or key pays by price. Ask the operator to set one, or use another model.`,
    param: 'model',
  })

/** A tool that a provider bills by the piece is not sold for nothing: where a row that may rate the call has no price for it. */
const unpricedTool = ({ tools }: Asked, row: ModelRow, prices: readonly PriceRow[]): Problem | null => {
  const found = tools.find(({ item }) => prices.some(({ rates }) => rates.items?.[item] === undefined))
  if (found === undefined) return null
  const { item, tool } = found
  return new Problem('price_unknown', {
    message:
      `Model '${row.id}' has no price here for the tool '${tool.slice(0, 64)}', which its provider bills by the piece, and this account or key ` +
      `pays by price. Leave the tool out or use another model; operators: set ${item} among the items of the model's price (drover.yaml, or drover prices set --items ${item}=AMOUNT).`,
    param: 'tools',
  })
}

/** The part of it that a relay fee is. */
const feeSum = (sum: Sum, feeBasisPoints: number | null): Sum => {
  if (feeBasisPoints === null) return sum
  const { numerator, denominator } = feeFactor({ ...noRules, feeBasisPoints })
  return {
    ...sum,
    fixed: sum.fixed * numerator,
    perToken: sum.perToken * numerator,
    divisor: sum.divisor * denominator,
  }
}

const sumsFor = (
  asked: Asked,
  row: ModelRow,
  { atMs, tier = null }: Pick<BoundQuestion, 'atMs' | 'tier'>,
): readonly Sum[] | Problem => {
  if (row.priceRows === 'free') return []
  const rows = rowsThatMayRate(row.priceRows, {
    atMs,
    untilMs: atMs + row.route.timeouts.totalMs,
    serviceTier: tier ?? tierAsked(asked.call),
    isCertain: tier !== null,
    inputTokensMax: inputTokensOf(asked, row),
  })
  const lacking = unpricedTool(asked, row, rows)
  if (lacking !== null) return lacking
  const sums = rows
    .map((price) => priced(sumFor(price.rates, asked, row), price, { row, atMs }))
    .filter((sum) => sum !== null)
  return sums.length === 0 ? unpriced(row) : sums
}

const most = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => (a > b ? a : b), 0n)
const amountOf = ({ fixed, perToken, divisor }: Sum, outputTokens: number): bigint =>
  divideHalfUp(fixed + perToken * BigInt(outputTokens), divisor)

/** The largest output whose sum still rounds to the amount. */
const tokensFor = ({ fixed, perToken, divisor }: Sum, amountNanoUsd: bigint): number | null => {
  if (perToken === 0n) return null
  const tokens = (amountNanoUsd * divisor + divisor / 2n - 1n - fixed) / perToken
  return Number(tokens < 0n ? 0n : tokens)
}

export type BoundQuestion = {
  readonly rows: readonly ModelRow[]
  readonly atMs: number
  readonly canCap: boolean
  /** The tier that is served whatever the call says: `batch`; absent or `null` = as the call says. */
  readonly tier?: string | null
  /** The part of ten thousand that is charged where the account's own credentials fetch any answer; absent or `null` = the whole. */
  readonly feeBasisPoints?: number | null
}

/**
 * The bound over every model that may answer; the dearest counts. `canCap` = the protocol has a maximum that can be lowered.
 * Gives Problem `price_unknown` where one of them has no price.
 */
export const boundOf = (
  call: Call,
  { rows, atMs, canCap, tier = null, feeBasisPoints = null }: BoundQuestion,
): Bound | Problem => {
  const sums: Sum[] = []
  const asked = askedBy(call)
  // Of no price at all nothing is taken either, so that it need not be known.
  for (const row of feeBasisPoints === 0 ? [] : rows) {
    const found = sumsFor(asked, row, { atMs, tier })
    if (found instanceof Problem) return found
    sums.push(...found.map((sum) => feeSum(sum, feeBasisPoints)))
  }
  const amountFor = (outputTokens: number): bigint =>
    most(sums.map((sum) => amountOf(sum, Math.min(sum.outputTokens, outputTokens))))
  const amountNanoUsd = amountFor(Number.POSITIVE_INFINITY)
  return {
    amountNanoUsd,
    amountMinNanoUsd: canCap ? amountFor(outputTokensMin) : amountNanoUsd,
    amountFor,
    outputTokensFor: (amount) => {
      const tokens = sums.flatMap((sum) => tokensFor(sum, amount) ?? [])
      return tokens.length === 0 ? null : Math.min(...tokens)
    },
  }
}
