/** models.dev (https://models.dev/api.json, read 2026-11-22): USD per million, cliffs by context. */

import { isObject } from '#base/json-type.ts'
import { ratesOfFigures, scales } from './figure.ts'
import type { PriceSource, ReadPrice, ReadRequest, TableReading } from './proposal.ts'

type Fields = Readonly<Record<string, unknown>>

const ratesOf = (cost: Fields): ReadPrice['rates'] =>
  ratesOfFigures(
    {
      input: cost['input'],
      cachedInput: cost['cache_read'],
      cacheWrite5m: cost['cache_write'],
      output: cost['output'],
      reasoning: cost['reasoning'],
      audioInput: cost['input_audio'],
      audioOutput: cost['output_audio'],
    },
    scales.usdPerMillion,
  )

const stepsOf = (cost: Fields): readonly { readonly over: number; readonly cost: Fields }[] => {
  const { tiers, context_over_200k: long } = cost
  const listed = (Array.isArray(tiers) ? tiers.filter(isObject) : []).flatMap((one) => {
    const size = isObject(one['tier']) ? one['tier']['size'] : null
    return typeof size === 'number' ? [{ over: size, cost: one }] : []
  })
  return isObject(long) ? [...listed, { over: 200_000, cost: long }] : listed
}

const read = ({ json }: ReadRequest): TableReading => {
  const prices: ReadPrice[] = []
  for (const [vendor, provider] of Object.entries(isObject(json) ? json : {})) {
    const models = isObject(provider) && isObject(provider['models']) ? provider['models'] : {}
    for (const [id, model] of Object.entries(models)) {
      const cost = isObject(model) ? model['cost'] : null
      if (!isObject(cost)) continue
      prices.push({ vendor, names: [id], rates: ratesOf(cost) })
      for (const step of stepsOf(cost))
        prices.push({ vendor, names: [id], contextOverTokens: step.over, rates: ratesOf({ ...cost, ...step.cost }) })
    }
  }
  return { prices, skipped: [] }
}

export const modelsDev: PriceSource = {
  name: 'models.dev',
  title: 'models.dev',
  url: 'https://github.com/anomalyco/models.dev',
  recognises: (json) => isObject(json) && Object.values(json).some((one) => isObject(one) && isObject(one['models'])),
  read,
}
