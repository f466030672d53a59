/**
 * One API and New API: users, tokens, channels and options (tables read from their published models, 2026-11-28:
 * https://github.com/songquanpeng/one-api/tree/main/model, https://github.com/QuantumNous/new-api/tree/main/model).
 * A unit of quota is 0.000002 USD unless the option QuotaPerUnit says otherwise; a token is kept without its `sk-`.
 */

import { decimalOf, divideHalfUp, nanoOfNumber, nanoPerUnit } from '#base/money.ts'

import type { ForeignRow, ForeignTables, ImportAccount, ImportKey, ImportPlan } from './plan.ts'
import { configName, flagIn, keyVariable, leftBehind, listIn, objectIn, textIn, wholeIn, yamlText } from './plan.ts'

type Fork = 'one-api' | 'new-api'
type Left = ReturnType<typeof leftBehind>

const unitsPerUsdDefault = 500_000n
const enabled = 1n

/** Numbers of channel types, as each project lists them, and the vendor that each is. */
const vendorsOf: Readonly<Record<Fork, Readonly<Record<string, string>>>> = {
  'one-api': {
    1: 'openai',
    14: 'anthropic',
    16: 'zhipu',
    17: 'alibaba',
    20: 'openrouter',
    24: 'gemini',
    25: 'moonshot',
    28: 'mistral',
    29: 'groq',
    30: 'ollama',
    35: 'cohere',
    36: 'deepseek',
    39: 'together',
    44: 'siliconflow',
    45: 'xai',
  },
  'new-api': {
    1: 'openai',
    4: 'ollama',
    14: 'anthropic',
    16: 'zhipu',
    17: 'alibaba',
    20: 'openrouter',
    24: 'gemini',
    25: 'moonshot',
    26: 'zhipu',
    27: 'perplexity',
    34: 'cohere',
    40: 'siliconflow',
    42: 'mistral',
    43: 'deepseek',
    48: 'xai',
  },
}

const optionsOf = (tables: ForeignTables): ReadonlyMap<string, string> =>
  new Map((tables['options'] ?? []).map((row) => [textIn(row, 'key') ?? '', textIn(row, 'value') ?? '']))

const ratiosOf = (options: ReadonlyMap<string, string>, name: string): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(objectIn({ value: options.get(name) }, 'value')).map(
      ([key, value]) => [key, String(value)] as const,
    ),
  )

const quotaNano = (units: bigint, perUsd: bigint): bigint => divideHalfUp(units * nanoPerUnit, perUsd)

const keyOf = (token: ForeignRow, perUsd: bigint, left: Left): ImportKey | null => {
  const plain = textIn(token, 'key')?.trim() ?? ''
  const key = plain.startsWith('sk-') ? plain : `sk-${plain}`
  if (!/^sk-[!-+\--~]{29,509}$/.test(key)) {
    left.add('keys', 'the key is shorter than 32 characters or has characters that no key may have')
    return null
  }
  const expiry = wholeIn(token, 'expired_time') ?? -1n
  if (!flagIn(token, 'unlimited_quota')) {
    const remaining = quotaNano(wholeIn(token, 'remain_quota') ?? 0n, perUsd)
    left.add(
      'limits of keys for good',
      `a key's remaining quota has no counterpart (budgets are by the day, week or month): ${decimalOf(remaining)} USD and others; its account's balance holds`,
    )
  }
  const group = textIn(token, 'group')
  if (group !== null && group !== 'default')
    left.add('groups of keys', 'a key has no group of its own; its account has a plan')
  const limited = token['model_limits_enabled'] === undefined || flagIn(token, 'model_limits_enabled')
  const models = [...listIn(token, 'models'), ...(limited ? listIn(token, 'model_limits') : [])]
  const addresses = [...listIn(token, 'subnet'), ...listIn(token, 'allow_ips')]
  return {
    ref: `token-${textIn(token, 'id') ?? ''}`,
    name: textIn(token, 'name') ?? `token ${textIn(token, 'id') ?? ''}`,
    key,
    sha256: null,
    models: models.length === 0 ? null : models,
    rpm: null,
    tpm: null,
    concurrency: null,
    budget: null,
    budgetPeriod: null,
    addresses: addresses.length === 0 ? null : addresses,
    expires: expiry > 0n ? new Date(Number(expiry) * 1000).toISOString() : null,
  }
}

const accountsOf = (tables: ForeignTables, perUsd: bigint, left: Left): readonly ImportAccount[] => {
  const users = (tables['users'] ?? []).filter((user) => textIn(user, 'deleted_at') === null)
  const tokens = (tables['tokens'] ?? []).filter((token) => textIn(token, 'deleted_at') === null)
  const owners = new Set(users.map((user) => textIn(user, 'id')))
  left.add('keys', 'their user is gone', tokens.filter((token) => !owners.has(textIn(token, 'user_id'))).length)
  return users.map((user): ImportAccount => {
    const id = textIn(user, 'id') ?? ''
    const quota = wholeIn(user, 'quota') ?? 0n
    if (quota < 0n) left.add('debts', 'a balance below zero is not carried: the account opens at zero')
    if (textIn(user, 'password') !== null) left.add('passwords and sign-ins', 'people sign in anew')
    const own = tokens.filter((token) => textIn(token, 'user_id') === id)
    const live = own.filter((token) => [enabled, 4n].includes(wholeIn(token, 'status') ?? enabled))
    left.add('keys', 'they are disabled or expired', own.length - live.length)
    const keys = live.map((token) => keyOf(token, perUsd, left)).filter((key) => key !== null)
    return {
      ref: `user-${id}`,
      name: textIn(user, 'username') ?? `user-${id}`,
      billing: 'prepaid',
      openingNanoUsd: quota > 0n ? quotaNano(quota, perUsd) : 0n,
      suspended: (wholeIn(user, 'status') ?? enabled) !== enabled,
      keys,
    }
  })
}

type Target = { readonly provider: string; readonly model: string; readonly weight: bigint; readonly priority: bigint }

const channelsYaml = (
  tables: ForeignTables,
  fork: Fork,
  left: Left,
): { text: string; models: ReadonlyMap<string, readonly Target[]> } => {
  const models = new Map<string, Target[]>()
  const lines: string[] = []
  for (const channel of tables['channels'] ?? []) {
    const type = textIn(channel, 'type') ?? ''
    const base = textIn(channel, 'base_url')
    const vendor = vendorsOf[fork][type] ?? (base === null ? null : 'openai-compatible')
    if (vendor === null) {
      left.add('channels', `type ${type} has no vendor here, and no address of its own`)
      continue
    }
    const name = configName(`${textIn(channel, 'name') ?? vendor}-${textIn(channel, 'id') ?? ''}`)
    const off = (wholeIn(channel, 'status') ?? enabled) === enabled ? '' : '  # was disabled'
    const address = base === null ? '' : `, base_url: ${JSON.stringify(base)}`
    lines.push(`  ${name}: { vendor: ${vendor}, api_key: "env:${keyVariable(name)}"${address} }${off}`)
    left.add(
      'secrets of channels',
      'provider keys are never written out: put each into the environment variable that is named',
    )
    if (off !== '') continue
    const mapping = objectIn(channel, 'model_mapping')
    for (const model of listIn(channel, 'models')) {
      const sent = mapping[model]
      const target = {
        provider: name,
        model: typeof sent === 'string' ? sent : model,
        weight: wholeIn(channel, 'weight') ?? 0n,
        priority: wholeIn(channel, 'priority') ?? 0n,
      }
      models.set(model, [...(models.get(model) ?? []), target])
    }
  }
  return { text: lines.length === 0 ? '' : `providers:\n${lines.join('\n')}\n`, models }
}

/** A ratio of 1 is 2 USD a million tokens. */
const ratioUnitNano = 2n * nanoPerUnit
const times = (nano: bigint, ratio: string | undefined): bigint | null => {
  const factor = nanoOfNumber(ratio)
  return factor === null ? null : divideHalfUp(nano * factor, nanoPerUnit)
}

const priceOf = (model: string, options: ReadonlyMap<string, string>, left: Left): string | null => {
  const input = times(ratioUnitNano, ratiosOf(options, 'ModelRatio').get(model))
  if (input === null) {
    if (ratiosOf(options, 'ModelPrice').has(model))
      left.add('prices per call', 'write them as price rows with per_call')
    return null
  }
  const output = times(input, ratiosOf(options, 'CompletionRatio').get(model) ?? '1') ?? input
  const cached = times(input, ratiosOf(options, 'CacheRatio').get(model))
  const cachedText = cached === null ? '' : `, cached_input: "${decimalOf(cached)}"`
  return `{ input: "${decimalOf(input)}"${cachedText}, output: "${decimalOf(output)}" }`
}

const modelsYaml = (
  models: ReadonlyMap<string, readonly Target[]>,
  options: ReadonlyMap<string, string>,
  left: Left,
): string => {
  const lines = [...models].map(([model, targets]) => {
    const priorities = [...new Set(targets.map(({ priority }) => priority))].sort((one, other) => Number(other - one))
    const each = targets.map(({ provider, model: sent, weight, priority }) => {
      const tier = priorities.indexOf(priority) + 1
      return `      - { provider: ${provider}, model: ${yamlText(sent)}${weight > 0n ? `, weight: ${weight}` : ''}${tier > 1 ? `, tier: ${tier}` : ''} }`
    })
    const price = priceOf(model, options, left)
    return `  ${yamlText(model)}:\n    targets:\n${each.join('\n')}\n${price === null ? '' : `    price: ${price}\n`}`
  })
  return lines.length === 0 ? '' : `models:\n${lines.join('')}`
}

const leaveRest = (tables: ForeignTables, options: ReadonlyMap<string, string>, left: Left): void => {
  for (const [group, ratio] of ratiosOf(options, 'GroupRatio'))
    if (nanoOfNumber(ratio) !== nanoPerUnit)
      left.add(`group ${group}, ratio ${ratio}`, 'write it as a markup or discount of a plan (drover prices rules)')
  const names: Readonly<Record<string, string>> = {
    redemptions: 'codes that were not redeemed: make new ones',
    logs: 'the log of calls stays where it is',
    top_ups: 'orders stay where they are',
    subscription_orders: 'subscriptions stay where they are',
  }
  for (const [table, why] of Object.entries(names)) left.add(table, why, (tables[table] ?? []).length)
}

/** What can be taken over from a database of One API or New API. */
export const planOfOneApi = (tables: ForeignTables, fork: Fork): ImportPlan => {
  const left = leftBehind()
  const options = optionsOf(tables)
  const given = options.get('QuotaPerUnit') ?? ''
  const perUsd =
    /^\d{1,12}(\.0*)?$/.test(given) && Number(given) > 0 ? BigInt(Math.trunc(Number(given))) : unitsPerUsdDefault
  const accounts = accountsOf(tables, perUsd, left)
  const { text, models } = channelsYaml(tables, fork, left)
  const yaml = text + modelsYaml(models, options, left)
  leaveRest(tables, options, left)
  return { source: fork, accounts, yaml, notCarried: left.all() }
}
