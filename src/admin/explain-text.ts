/** A call's story for a person. */

import { decimalOf } from '#base/money.ts'
import { attemptsText } from './attempts-text.ts'
import type { Explanation } from './explain-view.ts'
import { table } from './render.ts'

const usd = (nano: string | null): string => (nano === null ? 'unknown' : `${decimalOf(BigInt(nano))} USD`)
const clean = (text: string): string => text.replace(/\p{Cc}|\p{Cf}/gu, '?')
const section = (title: string, body: string): string => (body === '' ? '' : `\n${title}\n${body}`)

const head = (explanation: Explanation): string => {
  const { call, account, key } = explanation
  const payer =
    account === null
      ? '-'
      : `${account.name} (${account.billing}${account.plan === null ? '' : `, plan ${account.plan}`})`
  const asked = `${call.model ?? 'no model'}${call.stream ? ', streamed,' : ''}`
  const target = call.provider === null ? 'nobody' : `${call.provider}/${call.upstream_model ?? '?'}`
  const finish = call.finish_reason === null ? '' : ` (${call.finish_reason})`
  const error = call.error === null ? '' : `, ${call.error}: ${call.error_message ?? ''}`
  return [
    `${call.id}  ${call.time}`,
    `account   ${payer}, key ${key?.name ?? call.key ?? '-'}${call.test ? ' (test)' : ''}`,
    `asked     ${asked} by ${call.protocol} ${call.path}`,
    `answered  ${target}, status ${call.status}, ${call.end}${finish}${error}`,
    ...(call.migration === null ? [] : [`migration ${call.migration}, arm ${call.arm ?? '-'}`]),
    `time      ${timeText(explanation)}`,
    '',
  ]
    .map(clean)
    .join('\n')
}

const whole = (ms: number): string => `${Math.round(ms)} ms`

/** Where the time went. */
const timeText = ({ call }: Explanation): string => {
  const failed = call.attempts.filter(({ left }) => left !== null && left !== 'hedge_lost')
  const lostMs = failed.reduce((sum, { start_ms: start, end_ms: end }) => sum + ((end ?? start) - start), 0)
  return [
    `${whole(call.duration_ms)} in all`,
    ...(call.queued_ms === null ? [] : [`${whole(call.queued_ms)} waiting for a limit`]),
    ...(failed.length === 0
      ? []
      : [`${whole(lostMs)} with ${failed.length} ${failed.length === 1 ? 'attempt' : 'attempts'} that failed`]),
    `first part ${call.ttft_ms === null ? '-' : `after ${whole(call.ttft_ms)}`}`,
    ...(call.longest_gap_ms === null ? [] : [`longest gap ${whole(call.longest_gap_ms)}`]),
    `Drover's own ${Number(call.overhead_ms.toFixed(1))} ms`,
  ].join(', ')
}

const priceText = ({ price }: Explanation): string => {
  if (price === null) return ''
  const facts = [
    `${price.model} of ${price.vendor}, tier ${price.service_tier}`,
    ...(price.context_over_tokens === null ? [] : [`the step over ${price.context_over_tokens} tokens of input`]),
    ...price.windows.map((window) => `from ${window} UTC`),
    ...(price.from === null ? [] : [`in force since ${price.from.slice(0, 10)}`]),
  ]
  const read = price.read === null || price.read === '' ? '' : `, read ${price.read}`
  const lines = (price.lines ?? []).map((line) => [
    line.item,
    line.count,
    line.rate === null ? 'not priced' : `x ${line.rate}${line.per === 'million' ? ' / 1M' : ''}`,
    `= ${line.amount} ${price.currency}`,
  ])
  const rules = price.rules.map(({ kind, name, percent }) => `${kind} ${percent} %: ${name}`)
  const sum = price.sum === null ? [] : [`sum ${price.sum} ${price.currency}`]
  const rate = price.per_usd === null ? [] : [`at ${price.per_usd} ${price.currency} for a dollar`]
  const rated = price.rated_nano_usd === null ? [] : [`comes to ${usd(price.rated_nano_usd)}, rounded once`]
  return [
    `${clean(facts.join(', '))}\n`,
    `${clean(`row ${price.hash} from ${price.source}${read}`)}\n`,
    lines.length === 0 ? '' : table(null, lines),
    [...sum, ...rate, ...rules, ...rated].map((one) => `${clean(one)}\n`).join(''),
  ].join('')
}

const booksText = ({ books, call }: Explanation): string => {
  if (books === null) return `charged   ${usd(call.cost_nano_usd)}; the books hold nothing of it\n`
  const shortfall = books.shortfall_nano_usd === '0' ? '' : `, ${usd(books.shortfall_nano_usd)} of it beyond the hold`
  return [
    `held      ${books.held_nano_usd === '0' ? 'nothing: the account is metered' : usd(books.held_nano_usd)}`,
    `${books.state.padEnd(9)} ${usd(books.charged_nano_usd)}${shortfall}`,
    ...(books.rerated_nano_usd === null
      ? []
      : [`rerated   ${usd(books.rerated_nano_usd)}: what it has cost in the end`]),
    `rule      ${books.rule ?? '-'}`,
    '',
  ].join('\n')
}

const listText = (lines: readonly string[]): string => lines.map((line) => `- ${clean(line)}\n`).join('')

/** The story, in the order in which it happened. */
export const explainText = (explanation: Explanation): string =>
  [
    head(explanation),
    section('attempts', attemptsText(explanation.call)),
    section('price', priceText(explanation)),
    section('books', booksText(explanation)),
    section('warnings', listText(explanation.call.warnings)),
    section('notes', listText(explanation.notes)),
  ].join('')
