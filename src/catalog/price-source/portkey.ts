/** Portkey's `pricing/<provider>.json` (https://github.com/Portkey-AI/models, read 2026-11-22): cents per token, one file a vendor. */

import { isObject, objectAt } from '#base/json-type.ts'
import { ratesOfFigures, scales } from './figure.ts'
import type { PriceSource, ReadPrice, ReadRequest, TableReading } from './proposal.ts'

type Fields = Parameters<typeof objectAt>[0]

const ratesOf = (prices: Fields): ReadPrice['rates'] => {
  const price = (name: string): unknown => objectAt(prices, name)['price']
  return ratesOfFigures(
    {
      input: price('request_token'),
      cachedInput: price('cache_read_input_token'),
      cacheWrite5m: price('cache_write_input_token'),
      cacheWrite1h: price('cache_write_1h_input_token'),
      output: price('response_token'),
      audioInput: price('request_audio_token'),
      audioOutput: price('response_audio_token'),
    },
    scales.centsPerToken,
  )
}

const read = ({ json, vendor }: ReadRequest): TableReading => {
  if (vendor === null) return { prices: [], skipped: ['the table does not name its vendor: give it with --vendor'] }
  const prices: ReadPrice[] = []
  for (const [id, entry] of Object.entries(isObject(json) ? json : {})) {
    // Its entry for everything else says 0.
    if (id === 'default' || !isObject(entry)) continue
    const config = objectAt(entry, 'pricing_config')
    prices.push({ vendor, names: [id], rates: ratesOf(objectAt(config, 'pay_as_you_go')) })
    const batch = config['batch_config']
    if (isObject(batch)) prices.push({ vendor, names: [id], serviceTier: 'batch', rates: ratesOf(batch) })
  }
  return { prices, skipped: [] }
}

export const portkey: PriceSource = {
  name: 'portkey',
  title: 'Portkey',
  url: 'https://github.com/Portkey-AI/models',
  recognises: (json) => isObject(json) && Object.values(json).some((one) => isObject(one) && 'pricing_config' in one),
  read,
}
