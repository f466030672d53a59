/** What can be taken over from another relay, and what cannot: made from its tables, before anything is changed. */

/** A row of a foreign table: texts, numbers (as text where they are no safe integers) and nulls by column. */
export type ForeignRow = Readonly<Record<string, unknown>>
export type ForeignTables = Readonly<Record<string, readonly ForeignRow[]>>

export type ImportSource = 'one-api' | 'new-api' | 'litellm'

export type ImportKey = {
  /** The source's own name for it: two runs mean the same key by it. */
  readonly ref: string
  readonly name: string
  /** The key itself; it is digested at once and never kept. */
  readonly key: string | null
  /** Or the SHA-256 of it in hex, where the source has no more. */
  readonly sha256: string | null
  readonly models: readonly string[] | null
  readonly rpm: number | null
  readonly tpm: number | null
  readonly concurrency: number | null
  /** Decimal USD in each period. */
  readonly budget: string | null
  readonly budgetPeriod: 'day' | 'week' | 'month' | null
  readonly addresses: readonly string[] | null
  /** RFC 3339. */
  readonly expires: string | null
}

export type ImportAccount = {
  readonly ref: string
  readonly name: string
  readonly billing: 'prepaid' | 'unlimited'
  /** Opening balance, never negative. */
  readonly openingNanoUsd: bigint
  readonly suspended: boolean
  readonly keys: readonly ImportKey[]
}

/** Something that is not taken over, or not as it was. */
export type NotCarried = { readonly what: string; readonly why: string; readonly count: number }

export type ImportPlan = {
  readonly source: ImportSource
  readonly accounts: readonly ImportAccount[]
  /** Providers, models and prices as a proposal for drover.yaml, secrets as references. */
  readonly yaml: string
  readonly notCarried: readonly NotCarried[]
}

/** Counts what is left behind, by reason. */
export const leftBehind = () => {
  const counts = new Map<string, NotCarried>()
  return {
    add: (what: string, why: string, count = 1): void => {
      if (count === 0) return
      const key = `${what}/${why}`
      counts.set(key, { what, why, count: (counts.get(key)?.count ?? 0) + count })
    },
    all: (): readonly NotCarried[] => [...counts.values()],
  }
}

export const textIn = (row: ForeignRow, column: string): string | null => {
  const value = row[column]
  if (typeof value === 'string') return value === '' ? null : value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null
}

/** A whole number, from whatever form it came in. */
export const wholeIn = (row: ForeignRow, column: string): bigint | null => {
  const text = textIn(row, column)
  return text !== null && /^-?\d{1,18}$/.test(text) ? BigInt(text) : null
}

export const flagIn = (row: ForeignRow, column: string): boolean => {
  const value = row[column]
  return value === true || value === 1 || value === 1n || value === '1' || value === 't' || value === 'true'
}

/** A list, as JSON, as a Postgres array (`{a,b}`), or separated by commas or lines. */
export const listIn = (row: ForeignRow, column: string): readonly string[] => {
  const value = row[column]
  if (Array.isArray(value)) return value.map(String).filter((one) => one !== '')
  if (typeof value !== 'string') return []
  const plain = value.trim().replace(/^[[{]|[\]}]$/g, '')
  return plain
    .split(/[,\n]/)
    .map((piece) => piece.trim().replace(/^"|"$/g, ''))
    .filter((piece) => piece !== '')
}

/** An object kept as JSON text. */
export const objectIn = (row: ForeignRow, column: string): Readonly<Record<string, unknown>> => {
  const value = row[column]
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  if (typeof value !== 'string') return {}
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : {}
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return {}
    throw thrown
  }
}

/** A text as YAML reads it back, whatever is in it. */
export const yamlText = (text: string): string =>
  /^[A-Za-z][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text) ? text : JSON.stringify(text)

/** A name that drover.yaml takes. */
export const configName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 60) || 'unnamed'

/** The environment variable that a provider's key is to be put into. */
export const keyVariable = (provider: string): string => `${provider.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_API_KEY`
