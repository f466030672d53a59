/** Price rows of the catalog, read from the file's decimal strings. */

import { decimalOf, nanoOf } from '#base/money.ts'
import type { PriceRates, PriceRow, PriceWindow } from '#base/price-row.ts'
import { rateNanoMax } from '#base/price-row.ts'
import type { PriceEntry, VendorFile, WindowEntry } from './file.ts'
import type { Calendar, World } from './world.ts'
import { noWorld } from './world.ts'

const nanoRate = (name: string, decimal: string): bigint => {
  try {
    const nano = nanoOf(decimal)
    if (nano < 0n) throw new RangeError('a price is not negative')
    if (nano > rateNanoMax) throw new RangeError(`a price is at most ${decimalOf(rateNanoMax, 0)}`)
    return nano
  } catch (error) {
    throw new RangeError(`${name}: ${(error as Error).message}`, { cause: error })
  }
}

const rateOf = (entry: Readonly<Record<string, unknown>>, name: string): bigint | null => {
  const decimal = entry[name]
  return typeof decimal === 'string' ? nanoRate(name, decimal) : null
}

const itemsOf = (items: Readonly<Record<string, string>> | undefined): PriceRates['items'] => {
  if (items === undefined) return null
  return Object.freeze(Object.fromEntries(Object.entries(items).map(([name, rate]) => [name, nanoRate(name, rate)])))
}

/** What a row says of pieces, and under it what the sets that its model names say in the row's currency. */
const withItemSets = (entry: PriceEntry, names: readonly string[], file: VendorFile): PriceEntry => {
  const items: Record<string, string> = {}
  for (const name of names) {
    const set = file.item_prices?.[name]
    if (set === undefined) throw new RangeError(`items: "${name}" is not among "item_prices"`)
    if (file.sources[set.source] === undefined)
      throw new RangeError(`item_prices.${name}.source: "${set.source}" is not among "sources"`)
    Object.assign(items, set[entry.currency])
  }
  Object.assign(items, entry.items)
  return Object.keys(items).length === 0 ? entry : { ...entry, items }
}

const cachedAudioOf = (rate: bigint | null): Pick<PriceRates, 'cachedAudioInput'> =>
  rate === null ? {} : { cachedAudioInput: rate }

const ratesOf = (entry: PriceEntry): PriceRates =>
  Object.freeze({
    input: rateOf(entry, 'input'),
    cachedInput: rateOf(entry, 'cached_input'),
    output: rateOf(entry, 'output'),
    cacheWrite5m: rateOf(entry, 'cache_write_5m'),
    cacheWrite1h: rateOf(entry, 'cache_write_1h'),
    reasoning: rateOf(entry, 'reasoning'),
    audioInput: rateOf(entry, 'audio_input'),
    audioOutput: rateOf(entry, 'audio_output'),
    imageInput: rateOf(entry, 'image_input'),
    imageOutput: rateOf(entry, 'image_output'),
    perCall: rateOf(entry, 'per_call'),
    items: itemsOf(entry.items),
    ...cachedAudioOf(rateOf(entry, 'cached_audio_input')),
  })

type Reading = { readonly file: VendorFile; readonly world: World }

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))

const calendarOf = (name: string, { file, world }: Reading): Pick<PriceWindow, 'exceptDates' | 'calendar'> => {
  const own = file.calendars?.[name]
  if (own !== undefined) return { exceptDates: Object.freeze(own) }
  const calendar = world.calendars.get(name)
  if (calendar === undefined) throw new RangeError(`calendar "${name}" is not among "calendars", here or in world/`)
  return onCalendar(calendar)
}

/** What of a window a calendar decides. */
export const onCalendar = ({ name, through, days }: Calendar): Pick<PriceWindow, 'exceptDates' | 'calendar'> => ({
  exceptDates: days,
  calendar: Object.freeze({ name, through }),
})

const windowOf = (entry: WindowEntry, reading: Reading): PriceWindow => {
  return Object.freeze({
    fromMinute: minuteOf(entry.from),
    untilMinute: minuteOf(entry.until),
    ...(entry.weekdays === undefined ? {} : { weekdays: Object.freeze(entry.weekdays) }),
    ...(entry.except === undefined ? {} : calendarOf(entry.except, reading)),
  })
}

const bothInForce = (left: PriceRow, right: PriceRow): boolean =>
  (left.fromMs ?? Number.NEGATIVE_INFINITY) < (right.untilMs ?? Number.POSITIVE_INFINITY) &&
  (right.fromMs ?? Number.NEGATIVE_INFINITY) < (left.untilMs ?? Number.POSITIVE_INFINITY)

const sameSlot = (left: PriceRow, right: PriceRow): boolean =>
  left.currency === right.currency &&
  left.serviceTier === right.serviceTier &&
  left.contextOverTokens === right.contextOverTokens &&
  (left.windows === null) === (right.windows === null)

const readPriceRow = (entry: PriceEntry, model: string, reading: Reading): PriceRow => {
  const { file } = reading
  const source = file.sources[entry.source]
  if (source === undefined) throw new RangeError(`source: "${entry.source}" is not among "sources"`)
  const windows = entry.window === undefined ? undefined : file.windows?.[entry.window]
  if (entry.window !== undefined && windows === undefined)
    throw new RangeError(`window: "${entry.window}" is not among "windows"`)
  return Object.freeze({
    model,
    vendor: file.vendor,
    currency: entry.currency,
    fromMs: entry.from === undefined ? null : Date.parse(entry.from),
    untilMs: entry.until === undefined ? null : Date.parse(entry.until),
    contextOverTokens: entry.context_over_tokens ?? null,
    serviceTier: entry.service_tier ?? 'default',
    windows: windows === undefined ? null : Object.freeze(windows.map((window) => windowOf(window, reading))),
    rates: ratesOf(entry),
    source: source.url,
    read: source.read,
    ...(entry.currency === 'USD' ? {} : { perUsd: reading.world.fxRates }),
  })
}

/**
 * The rows of one model, newest first. Days mean midnight UTC.
 * @throws RangeError with the index of the row, when it names a source, window or calendar that the file lacks, when a price is
 * no decimal, or when two rows would rate the same call.
 */
export const priceRowsOf = (
  entries: readonly PriceEntry[],
  model: string,
  {
    file,
    world = noWorld,
    items = [],
  }: { readonly file: VendorFile; readonly world?: World; readonly items?: readonly string[] },
): readonly PriceRow[] => {
  const rows: PriceRow[] = []
  for (const [index, entry] of entries.entries())
    try {
      const row = readPriceRow(withItemSets(entry, items, file), model, { file, world })
      const twin = rows.findIndex((other) => sameSlot(other, row) && bothInForce(other, row))
      if (twin >= 0) throw new RangeError(`rates the same calls as prices[${twin}]`)
      rows.push(row)
    } catch (error) {
      throw error instanceof RangeError ? new RangeError(`prices[${index}]: ${error.message}`, { cause: error }) : error
    }
  return Object.freeze(rows.sort((left, right) => (right.fromMs ?? 0) - (left.fromMs ?? 0)))
}
