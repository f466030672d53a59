/** A usage export from the text of its file: which kind it is shows by its form. */

import { csvTable } from '#base/csv.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { usageExportReaders } from './index.ts'
import type { Span, UsageExportRow } from './row.ts'

export type UsageExport = {
  /** For people: `OpenAI usage and costs API`. */
  readonly title: string
  readonly rows: readonly UsageExportRow[]
  /** What times it covers, where it tells those without use as well. */
  readonly spans: readonly Span[]
  /** The API has further pages that the file does not hold. */
  readonly incomplete: boolean
}

/** Fractions stay as they are written, so that no amount goes through a float. */
const parsed = (text: string): Json =>
  JSON.parse(text, (_name, value: Json, context?: { readonly source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) ? (context?.source ?? String(value)) : value,
  ) as Json

const parsedOrNull = (text: string): Json => {
  try {
    return parsed(text)
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null
    throw thrown
  }
}

/** One page, a list of pages, or one page a line. */
const documentsOf = (text: string): readonly JsonObject[] => {
  const whole = parsedOrNull(text)
  if (isObject(whole)) return [whole]
  if (Array.isArray(whole)) return whole.filter(isObject)
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const documents = lines.map(parsedOrNull).filter(isObject)
  return documents.length === lines.length ? documents : []
}

const fromJson = (documents: readonly JsonObject[]): UsageExport | null => {
  for (const reader of usageExportReaders) {
    const pages = documents.map((document) => reader.readJson(document))
    // A page of days on which nothing happened says too little to be told.
    const isEmpty = (document: JsonObject | undefined): boolean =>
      Array.isArray(document?.['data']) && document['data'].length === 0
    if (pages.every((page) => page === null) || pages.some((page, at) => page === null && !isEmpty(documents[at])))
      continue
    const last = documents.at(-1)
    return {
      title: reader.title,
      rows: pages.flatMap((page) => page ?? []),
      spans: documents.flatMap((document) => reader.spansOf?.(document) ?? []),
      incomplete: last?.['has_more'] === true,
    }
  }
  return null
}

const fromTable = (text: string): UsageExport | null => {
  const { headings, rows } = csvTable(text)
  for (const reader of usageExportReaders) {
    const found = reader.readTable(headings, rows)
    if (found !== null) return { title: reader.title, rows: found, spans: [], incomplete: false }
  }
  return null
}

/**
 * Reads an export: pages of an API as JSON (one, a list, or one a line), or a CSV.
 * @throws Problem `invalid_request_error` where it is none that is known.
 */
export const readUsageExport = (text: string, name: string): UsageExport => {
  const documents = documentsOf(text)
  const found = documents.length > 0 ? fromJson(documents) : fromTable(text)
  if (found !== null) return found
  throw new Problem('invalid_request_error', {
    message:
      `${name} is no usage export that is known. Known are ${usageExportReaders.map(({ title }) => title).join(', ')}: ` +
      'the JSON that the API answers (one page, a list of pages, or one page a line), or the CSV of the activity page.',
    param: 'file',
  })
}
