/**
 * The words of configuration: durations, sizes, amounts and references to secrets, as every room's `settings.ts` uses
 * them. Each says in its meta what kind of value it is, which is where the manual takes its units from.
 */

import { z } from 'zod'
import { amountNanoMax, decimalOf, nanoOf } from './money.ts'

/** Where a secret lies; the secret itself is read when the configuration is loaded. */
export type Reference = {
  readonly scheme: 'env' | 'file' | 'vault' | 'aws-sm' | 'gcp-sm' | 'azure-kv'
  /** What stands behind the colon: a variable's name, a path, `path#field`. */
  readonly target: string
  /** As it was written; never the secret. */
  readonly text: string
}

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const unitsBytes = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const

/** The longest duration that can be configured: a hundred years. */
export const durationMsMax = 36_500 * unitsMs.d

/** Milliseconds of `250ms`, `30s`, `10m`, `24h` or `90d`; `null` for any other text, and beyond a hundred years. */
export const durationMsOf = (text: string): number | null => {
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text)
  if (match === null) return null
  const durationMs = Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs]
  return durationMs <= durationMsMax ? durationMs : null
}

/** Bytes of `512kb`, `32mb` or `1gb` (powers of 1024; `kib`, `mib`, `gib` mean the same); `null` for any other text. */
export const sizeBytesOf = (text: string): number | null => {
  const match = /^(\d{1,9})(b|kb|mb|gb|kib|mib|gib)$/.exec(text.toLowerCase())
  if (match === null) return null
  const unit = (match[2] ?? '').replace('ib', 'b') as keyof typeof unitsBytes
  return Number(match[1]) * unitsBytes[unit]
}

type Bounds<T> = { readonly min?: T; readonly max?: T }

const outside = (value: number, bounds: Bounds<number>): boolean =>
  value < (bounds.min ?? 0) || value > (bounds.max ?? Number.MAX_SAFE_INTEGER)

const rangeText = (bounds: Bounds<string>): string =>
  [
    ...(bounds.min === undefined ? [] : [`at least ${bounds.min}`]),
    ...(bounds.max === undefined ? [] : [`at most ${bounds.max}`]),
  ].join(' and ')

const unquotedHint = (input: unknown, example: string): string =>
  typeof input === 'number' ? `needs a unit: ${input} of what? Write for example ${example}` : `must be like ${example}`

/** A duration such as `30s`; gives milliseconds. */
export const duration = (bounds: Bounds<string> = {}) => {
  const limits = {
    min: bounds.min === undefined ? 1 : (durationMsOf(bounds.min) ?? 1),
    max: bounds.max === undefined ? durationMsMax : (durationMsOf(bounds.max) ?? durationMsMax),
  }
  return z
    .string({ error: (issue) => unquotedHint(issue.input, '30s') })
    .meta({ kind: 'duration', range: rangeText(bounds) })
    .transform((text, context) => {
      const durationMs = durationMsOf(text)
      if (durationMs === null)
        context.addIssue('must be a whole number with a unit (ms, s, m, h or d), for example 30s')
      else if (outside(durationMs, limits)) context.addIssue(`must be ${rangeText({ min: '1ms', ...bounds })}`)
      return durationMs ?? 0
    })
}

/** A size such as `32mb`, in powers of 1024; gives bytes. */
export const size = (bounds: Bounds<string> = {}) => {
  const limits = {
    min: bounds.min === undefined ? 0 : (sizeBytesOf(bounds.min) ?? 0),
    max: bounds.max === undefined ? 2 ** 40 : (sizeBytesOf(bounds.max) ?? 2 ** 40),
  }
  return z
    .string({ error: (issue) => unquotedHint(issue.input, '32mb') })
    .meta({ kind: 'size', range: rangeText(bounds) })
    .transform((text, context) => {
      const sizeBytes = sizeBytesOf(text)
      if (sizeBytes === null) context.addIssue('must be a whole number with a unit (b, kb, mb or gb), for example 32mb')
      else if (outside(sizeBytes, limits)) context.addIssue(`must be ${rangeText(bounds)}`)
      return sizeBytes ?? 0
    })
}

const amountHint = (input: unknown): string =>
  typeof input === 'number'
    ? `must be a decimal string, so that no digit is lost: write it in quotes, "${input}"`
    : 'must be a decimal string such as "0.25"'

/** An amount of money of zero or more, as a quoted decimal with at most 9 places; gives nano units. `nanoMax`: no more than this. */
export const amount = (nanoMax = amountNanoMax) =>
  z
    .string({ error: (issue) => amountHint(issue.input) })
    .meta({ kind: 'amount' })
    .transform((text, context) => {
      const nano = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? nanoOf(text) : null
      if (nano === null)
        context.addIssue(
          'must be a decimal of zero or more with at most 9 digits before and 9 after the point, such as "0.25"',
        )
      else if (nano > nanoMax) context.addIssue(`must be at most ${decimalOf(nanoMax, 0)}`)
      return nano ?? 0n
    })

/** The same, and whole units as a number too: of those no digit is lost. */
export const wholeAmount = () =>
  z.preprocess((value) => (Number.isSafeInteger(value) ? String(value) : value), amount()).meta({ kind: 'amount' })

const percentForm = /^(\d{1,3}(?:\.\d{1,4})?)%$/
const percentHint = 'must be a percentage: 10 or 10%'

/** Percent, as a number or with their sign: `10`, `10%`; gives the number. */
export const percentage = (from: number) =>
  z
    .union([z.number(), z.string().regex(percentForm, percentHint)], { error: percentHint })
    .meta({ kind: 'percentage', range: `${from} to 100` })
    .transform((value, context) => {
      const percent = typeof value === 'number' ? value : Number(percentForm.exec(value)?.[1])
      if (percent < from || percent > 100) context.addIssue(`must be from ${from} to 100 percent`)
      return percent
    })

const referenceForm = /^(env|file|vault|aws-sm|gcp-sm|azure-kv):(.*)$/s

/** The reference that a text spells, or `null`: `env:NAME`, `file:/path`, `vault:path#field`, `aws-sm:name#field` … */
export const referenceOf = (text: string): Reference | null => {
  const match = referenceForm.exec(text)
  if (match === null) return null
  return { scheme: match[1] as Reference['scheme'], target: match[2] ?? '', text }
}

const literalSecret =
  'holds a literal secret, which is refused: put the secret into an environment variable and write "env:NAME", or into a file and write "file:/path"'

/** A reference to a secret, never the secret: gives a `Reference`. The value that was written is in no message. */
export const reference = () =>
  z
    .string({ error: 'must be a reference to a secret: "env:NAME" or "file:/path"' })
    .meta({ kind: 'reference' })
    .transform((text, context): Reference => {
      const found = referenceOf(text)
      if (found === null) context.addIssue(literalSecret)
      else if (found.scheme === 'env' && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(found.target))
        context.addIssue('names no environment variable: write "env:NAME"')
      else if (found.target === '') context.addIssue(`names nothing behind "${found.scheme}:"`)
      return found ?? { scheme: 'env', target: '', text: '' }
    })

const urlFault = (text: string, schemes: readonly string[]): string | null => {
  if (!URL.canParse(text)) return `must be an absolute URL (${schemes.join(', ')})`
  const url = new URL(text)
  if (!schemes.includes(url.protocol.slice(0, -1)))
    return `must begin with ${schemes.map((one) => `${one}://`).join(' or ')}`
  if (url.username !== '' || url.password !== '') return `${literalSecret}; it must not stand in the URL`
  return null
}

/** An absolute URL without credentials in it; gives the text. */
export const url = (schemes: readonly string[] = ['https', 'http']) =>
  z
    .string({ error: 'must be a URL' })
    .meta({ kind: 'url' })
    .superRefine((text, context) => {
      const fault = urlFault(text, schemes)
      if (fault !== null) context.addIssue(fault)
    })

/** A URL without credentials, or a reference to one that has some. */
export const urlOrReference = (schemes: readonly string[]) =>
  z
    .string({ error: 'must be a URL, or a reference ("env:NAME") to one' })
    .meta({ kind: 'url or reference' })
    .transform((text, context): string | Reference => {
      const found = referenceOf(text)
      if (found !== null) return found
      const fault = urlFault(text, schemes)
      if (fault !== null) context.addIssue(fault)
      return text
    })

/** What a provider does with what it is sent. */
export const dataPolicy = () => z.enum(['zero_retention', 'no_training', 'may_train'])

/** A short text on one line. */
export const line = (lengthMax = 200) =>
  z
    .string({
      error: (issue) =>
        `must be text${typeof issue.input === 'number' ? `: write it in quotes, "${issue.input}"` : ''}`,
    })
    .min(1, 'must not be empty')
    .max(lengthMax, `must not be longer than ${lengthMax} characters`)
    .regex(/^[^\p{Cc}]*$/u, 'must be one line without control characters')

/** A name that people type and that stands in URLs and logs: letters, digits, `.`, `_` and `-`. */
export const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The key of a record in configuration: a name as `nameForm` has it. */
export const name = (what: string) =>
  z.string().regex(nameForm, `must be a name for ${what}: letters, digits, '.', '_' and '-', at most 64 characters`)

/** A whole number within bounds. */
export const count = (min: number, max: number) =>
  z
    .int({ error: `must be a whole number from ${min} to ${max}` })
    .min(min, `must be ${min} or more`)
    .max(max, `must be ${max} or less`)
