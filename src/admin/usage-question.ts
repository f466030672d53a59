/** What a person asks of usage, as the store is asked it. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { UsageCursor, UsageDimension, UsageFilter, UsageGrain, UsageQuestion } from '#report/port.ts'
import { accountNamed } from './credits.ts'
import { handleField, pastField, pastOf } from './field.ts'
import { keyNamed } from './key-lookup.ts'
import type { OperationContext } from './operation.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** What is asked for where nobody says since when. */
const defaultDays = 30

const dimensions = ['account', 'project', 'member', 'key', 'model', 'provider', 'upstream_model'] as const

const label = (what: string) => z.string().min(1).max(300).optional().describe(what)

/** Fields that say which calls are added up. */
export const usageFields = {
  from: pastField()
    .optional()
    .describe(`Since when: 2026-11-01, RFC 3339, or 24h (ago); by whole hours. Absent: ${defaultDays} days.`),
  to: pastField().optional().describe('Until when, not included. Absent: now.'),
  account: handleField().optional().describe('Only this account: id or name.'),
  project: label('Only this project: its id.'),
  member: label('Only this member: their id.'),
  key: handleField().optional().describe('Only this key: id or name.'),
  model: label('Only this model, as callers wrote it.'),
  provider: label('Only what this provider answered, or was tried for.'),
  upstream_model: label("Only this model, by the provider's name for it."),
  tag: z
    .string()
    .regex(/^[^=]{1,100}(=.{0,200})?$/s, 'must be name=value, or a name')
    .optional()
    .describe('Only calls with this tag: name=value, or any value of the name.'),
  test: z.boolean().default(false).describe('The calls of test keys, instead of those that count.'),
} as const

/** `model,day`; `tag:NAME`. */
export const byField = () =>
  z
    .array(
      z
        .string()
        .refine(
          (text) => ['day', 'hour', ...dimensions].some((one) => one === text) || /^tag:[^=,]{1,100}$/.test(text),
          `must be one of day, hour, ${dimensions.join(', ')}, or tag:NAME`,
        ),
    )
    .max(8)

export type UsageInput = {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly account?: string | undefined
  readonly project?: string | undefined
  readonly member?: string | undefined
  readonly key?: string | undefined
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly upstream_model?: string | undefined
  readonly tag?: string | undefined
  readonly test: boolean
}

type Asked = {
  readonly input: UsageInput
  readonly by: readonly string[]
  readonly limit: number
  readonly after: string | undefined
}

const tagNameOf = (by: readonly string[], tag: string | undefined): string | null => {
  const names = new Set(by.filter((one) => one.startsWith('tag:')).map((one) => one.slice('tag:'.length)))
  if (tag !== undefined) names.add(tag.split('=', 1)[0] ?? '')
  if (names.size > 1)
    throw new Problem('invalid_request_error', {
      message: 'Figures can be told apart, or narrowed, by one tag at a time.',
      param: 'by',
    })
  return [...names][0] ?? null
}

const filterOf = async (input: UsageInput, context: OperationContext): Promise<UsageFilter> => {
  const { account, key, tag } = input
  const keyRow = key === undefined ? null : await keyNamed(key, context.ports)
  const at = tag?.indexOf('=') ?? -1
  return {
    // A key's account is known: rows are found by it.
    account: account === undefined ? (keyRow?.account ?? null) : (await accountNamed(account, context)).id,
    project: input.project ?? null,
    member: input.member ?? null,
    key: keyRow?.id ?? null,
    model: input.model ?? null,
    provider: input.provider ?? null,
    upstream_model: input.upstream_model ?? null,
    tag: tag === undefined || at === -1 ? null : tag.slice(at + 1),
  }
}

const cursorForm = z.array(z.union([z.string(), z.number()])).max(10)

const cursorOf = (text: string | undefined, length: number): UsageCursor | null => {
  if (text === undefined) return null
  const bytes = Buffer.from(text, 'base64url').toString()
  const parsed = z.string().transform((json) => JSON.parse(json) as unknown)
  try {
    const cursor = cursorForm.parse(parsed.parse(bytes))
    if (cursor.length === length) return cursor
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError || thrown instanceof z.ZodError)) throw thrown
  }
  throw new Problem('invalid_request_error', {
    message: "'after' must be the `next` of the page before, with the same grouping.",
    param: 'after',
  })
}

/** The place of a page's end, as text. */
export const cursorText = (cursor: UsageCursor | null): string | null =>
  cursor === null ? null : Buffer.from(JSON.stringify(cursor)).toString('base64url')

const grainOf = (by: readonly string[], tagName: string | null, bounds: readonly number[]): UsageGrain => {
  const byHour = by.includes('hour')
  if (byHour && tagName !== null)
    throw new Problem('invalid_request_error', {
      message: 'Figures by tag are kept by the day: leave hour out, or the tag.',
      param: 'by',
    })
  // Whoever asks by day gets whole days, not the hours of a span that begins within one.
  if (tagName !== null || by.includes('day')) return 'day'
  return byHour || bounds.some((ms) => ms % dayMs !== 0) ? 'hour' : 'day'
}

const boundsOf = ({ from, to }: UsageInput, nowMs: number): readonly [number, number] => {
  const endOfDay = nowMs - (nowMs % dayMs) + dayMs
  const fromMs = from === undefined ? endOfDay - defaultDays * dayMs : pastOf(from, nowMs)
  const toMs = to === undefined ? endOfDay : pastOf(to, nowMs)
  if (fromMs < toMs) return [fromMs, toMs]
  throw new Problem('invalid_request_error', { ...saying('from_before_to'), param: 'from' })
}

/** The question; its bounds are widened to whole hours, or days. */
export const questionOf = async (asked: Asked, context: OperationContext): Promise<UsageQuestion> => {
  const { input, by, limit, after } = asked
  const [from, to] = boundsOf(input, context.clock.nowMs())
  const tagName = tagNameOf(by, input.tag)
  const grain = grainOf(by, tagName, [from, to])
  const lengthMs = grain === 'day' ? dayMs : hourMs
  const byTime = by.includes('day') || by.includes('hour')
  const named = [...new Set(by)].filter((one) => one !== 'day' && one !== 'hour')
  const dimensionsAsked = named.map((one): UsageDimension => (one.startsWith('tag:') ? 'tag' : (one as UsageDimension)))
  if (by.includes('day') && by.includes('hour'))
    throw new Problem('invalid_request_error', { message: 'Give day or hour, not both.', param: 'by' })
  return {
    fromMs: Math.floor(from / lengthMs) * lengthMs,
    toMs: Math.ceil(to / lengthMs) * lengthMs,
    grain,
    byTime,
    by: dimensionsAsked,
    tagName,
    filter: await filterOf(input, context),
    test: input.test,
    limit,
    after: cursorOf(after, dimensionsAsked.length + (byTime ? 1 : 0)),
  }
}
