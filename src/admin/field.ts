/** The fields of an operation's input, as the command line, the query string and the OpenAPI document need them. */

import { z } from 'zod'
import { durationMsOf } from '#base/settings.ts'

export type FieldKind = 'text' | 'integer' | 'boolean' | 'list'

export type Field = {
  readonly name: string
  readonly kind: FieldKind
  readonly required: boolean
  /** As JSON; `undefined` = none. */
  readonly fallback: unknown
  /** The only values that it takes; empty = any. */
  readonly choices: readonly string[]
  readonly describe: string
}

type Schema = Readonly<Record<string, unknown>>

const kindOf = (schema: Schema): FieldKind => {
  const type = schema['type']
  if (type === 'integer' || type === 'number') return 'integer'
  if (type === 'boolean') return 'boolean'
  return type === 'array' ? 'list' : 'text'
}

/** The JSON Schema of what goes in or what comes out. */
export const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output'): Schema =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' }) as Schema

/** The fields of an operation's input, in the order in which they are declared. */
export const fieldsOf = (input: z.ZodType): readonly Field[] => {
  const schema = jsonSchemaOf(input, 'input')
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>
  const required = (schema['required'] ?? []) as readonly string[]
  return Object.entries(properties).map(([name, property]) => ({
    name,
    kind: kindOf(property),
    required: required.includes(name),
    fallback: property['default'],
    choices: (property['enum'] ?? []) as readonly string[],
    describe: typeof property['description'] === 'string' ? property['description'] : '',
  }))
}

/** A field's value from text (a flag, a query parameter); text that does not fit is left as it is for the schema to refuse. */
export const valueFromText = (field: Field, text: string): unknown => {
  if (field.kind === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text
  if (field.kind === 'boolean') {
    if (text === 'true' || text === '1') return true
    return text === 'false' || text === '0' ? false : text
  }
  if (field.kind === 'list')
    return text
      .split(',')
      .map((piece) => piece.trim())
      .filter((piece) => piece !== '')
  return text
}

/** One line that names people and things: 1 to 100 characters without control characters. */
export const nameField = () =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(100, 'must not be longer than 100 characters')
    .regex(/^[^\p{Cc}]*$/u, 'must not hold control characters')
    .regex(/^\S(.*\S)?$/s, 'must not begin or end with a blank')

/** An id or a name of something that there is. */
export const handleField = () => z.string().min(1).max(200)

/** Whether an amount as text is not nothing; asked of any text, also of one that is no amount. */
export const isSomething = (amount: string): boolean => /[1-9]/.test(amount)

/** Regions that calls may go to. */
export const regionsField = () =>
  z
    .array(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "must be letters, digits and '-'"))
    .min(1)
    .max(100)

/** A moment ahead: a duration from now (`30d`) or RFC 3339; gives milliseconds, resolved against the clock by `momentOf`. */
export const momentField = () =>
  z
    .string()
    .max(40)
    .refine(
      (text) => durationMsOf(text) !== null || z.iso.datetime({ offset: true }).safeParse(text).success,
      'must be a duration such as 30d, or a moment such as 2027-01-31T00:00:00Z',
    )

/** Milliseconds of what `momentField` took. */
export const momentOf = (text: string, nowMs: number): number => {
  const durationMs = durationMsOf(text)
  return durationMs === null ? Date.parse(text) : nowMs + durationMs
}

const isMoment = (text: string): boolean =>
  z.iso.datetime({ offset: true }).safeParse(text).success || z.iso.date().safeParse(text).success

/** A moment gone by: a duration before now (`24h`), a day of UTC (`2026-11-01`, its beginning) or RFC 3339. */
export const pastField = () =>
  z
    .string()
    .max(40)
    .refine(
      (text) => durationMsOf(text) !== null || isMoment(text),
      'must be a duration before now such as 24h, a day such as 2026-11-01, or a moment such as 2026-11-01T08:00:00Z',
    )

/** Milliseconds of what `pastField` took. */
export const pastOf = (text: string, nowMs: number): number => {
  const durationMs = durationMsOf(text)
  return durationMs === null ? Date.parse(text) : nowMs - durationMs
}

/** Which page of a list. */
export const pageFields = (limit: number) => ({
  limit: z.int().min(1).max(1000).default(limit).describe('How many rows at most, 1 to 1000.'),
  after: z.string().min(1).max(100).optional().describe('The id that the page before ended with (its `next`).'),
})

/** Which end of a list its first page is. */
export const firstField = () =>
  z.enum(['oldest', 'newest']).default('oldest').describe('Which come first; `after` leads on in the same direction.')

/** The rest of a list goes on after `next`; `null` = this was the last page. */
export const pageOf = <T extends { readonly id: string }>(
  rows: readonly T[],
  limit: number,
): { readonly data: readonly T[]; readonly next: string | null } => ({
  data: rows,
  next: rows.length < limit ? null : (rows.at(-1)?.id ?? null),
})

/** A duration such as `30d`, as text. */
export const durationField = () =>
  z.string().refine((text) => durationMsOf(text) !== null, 'must be a duration such as 30d')
