/** A call's story for a person. */

import { decimalOf } from '#base/money.ts'
import type { Explanation } from './explain-view.ts'
import { table } from './render.ts'

const usd = (nano: string | null): string => (nano === null ? 'unknown' : `${decimalOf(BigInt(nano))} USD`)
const clean = (text: string): string => text.replace(/\p{Cc}|\p{Cf}/gu, '?')
const section = (title: string, body: string): string => (body === '' ? '' : `\n${title}\n${body}`)

const head = ({ call, account, key }: Explanation): string => {
  const payer =
    account === null
      ? '-'
      : `${account.name} (${account.billing}${account.plan === null ? '' : `, plan ${account.plan}`})`
  const asked = `${call.model ?? 'no model'}${call.stream ? ', streamed' : ''}`
  const target = call.provider === null ? 'nobody' : `${call.provider}/${call.upstream_model ?? '?'}`
  const error = call.error === null ? '' : `, ${call.error}: ${call.error_message ?? ''}`
  return [
    `${call.id}  ${call.time}`,
    `account   ${payer}, key ${key?.name ?? call.key ?? '-'}${call.test ? ' (test)' : ''}`,
    `asked     ${asked} by ${call.protocol} ${call.path}`,
    `answered  ${target}, status ${call.status}, ${call.end}${error}`,
    `time      ${Math.round(call.duration_ms)} ms, first part ${call.ttft_ms === null ? '-' : `after ${Math.round(call.ttft_ms)} ms`}, Drover's own ${call.overhead_ms} ms`,
    '',
  ]
    .map(clean)
    .join('\n')
}

const barCharacters = 30

/** Where in the call's time an attempt lay: `.` waiting for its first part, `#` after it. */
const bar = (attempt: Explanation['call']['attempts'][number], durationMs: number): string => {
  const place = (ms: number): number => Math.round((Math.min(ms, durationMs) / Math.max(durationMs, 1)) * barCharacters)
  const start = place(attempt.start_ms)
  const end = Math.max(start + 1, place(attempt.end_ms ?? durationMs))
  const first = attempt.first_part_ms === null ? end : Math.min(end, place(attempt.first_part_ms))
  return `${' '.repeat(start)}${'.'.repeat(Math.max(0, first - start))}${'#'.repeat(Math.max(0, end - first))}`.padEnd(
    barCharacters,
  )
}

const attempts = ({ call }: Explanation): string =>
  call.attempts.length === 0
    ? ''
    : table(
        ['#', 'TARGET', 'STATUS', 'ERROR', 'MS', 'COST', 'UPSTREAM ID', 'ADJUSTED', ''],
        call.attempts.map((attempt, index) => [
          index + 1,
          `${attempt.provider}/${attempt.model}`,
          attempt.status,
          attempt.error,
          attempt.end_ms === null ? null : Math.round(attempt.end_ms - attempt.start_ms),
          usd(attempt.cost_nano_usd),
          attempt.upstream_request_id,
          attempt.shims.join(', '),
          bar(attempt, call.duration_ms),
        ]),
      )

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
    `rule      ${books.rule ?? '-'}`,
    '',
  ].join('\n')
}

const listText = (lines: readonly string[]): string => lines.map((line) => `- ${clean(line)}\n`).join('')

/** The story, in the order in which it happened. */
export const explainText = (explanation: Explanation): string =>
  [
    head(explanation),
    section('attempts', attempts(explanation)),
    section('price', priceText(explanation)),
    section('books', booksText(explanation)),
    section('warnings', listText(explanation.call.warnings)),
    section('notes', listText(explanation.notes)),
  ].join('')
