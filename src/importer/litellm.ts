/**
 * LiteLLM: teams, users, budgets and keys of its database (Prisma models, read 2026-11-28:
 * https://github.com/BerriAI/litellm/blob/main/schema.prisma), and the models of its proxy_config.yaml. It keeps the SHA-256
 * of a key, which is enough to know the key by: a key that was made at random is not found from it.
 */

import { isObject } from '#base/json-type.ts'
import { decimalOf, nanoOfNumber } from '#base/money.ts'

import type { ForeignRow, ForeignTables, ImportAccount, ImportKey, ImportPlan } from './plan.ts'
import { configName, flagIn, keyVariable, leftBehind, listIn, textIn, wholeIn, yamlText } from './plan.ts'

type Left = ReturnType<typeof leftBehind>

/** Names of providers before the first `/` of a model, and the vendor that each is. */
const vendors: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'gemini',
  moonshot: 'moonshot',
  deepseek: 'deepseek',
  openrouter: 'openrouter',
  groq: 'groq',
  mistral: 'mistral',
  xai: 'xai',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  perplexity: 'perplexity',
  dashscope: 'alibaba',
  cohere: 'cohere',
  cohere_chat: 'cohere',
  voyage: 'voyageai',
  azure: 'azure',
  ollama: 'ollama',
  ollama_chat: 'ollama',
  hosted_vllm: 'vllm',
}

const periods: Readonly<Record<string, 'day' | 'week' | 'month'>> = {
  '24h': 'day',
  '1d': 'day',
  '7d': 'week',
  '1w': 'week',
  '30d': 'month',
  '1mo': 'month',
}

/** Names that mean every model. */
const everyModel = new Set(['all-team-models', 'all-proxy-models', '*'])

const smallIn = (row: ForeignRow, column: string): number | null => {
  const value = wholeIn(row, column)
  return value !== null && value > 0n && value <= 1_000_000_000n ? Number(value) : null
}

const budgetOf = (
  row: ForeignRow,
  budgets: ReadonlyMap<string, ForeignRow>,
  left: Left,
): Pick<ImportKey, 'budget' | 'budgetPeriod'> => {
  const from = textIn(row, 'max_budget') === null ? (budgets.get(textIn(row, 'budget_id') ?? '') ?? row) : row
  const limit = nanoOfNumber(textIn(from, 'max_budget') ?? undefined)
  const duration = textIn(from, 'budget_duration')
  const period = duration === null ? undefined : periods[duration]
  if (limit === null) return { budget: null, budgetPeriod: null }
  if (period === undefined) {
    left.add(
      'budgets of keys',
      `a budget for ${duration ?? 'good'} has no counterpart: budgets are by the day, week or month`,
    )
    return { budget: null, budgetPeriod: null }
  }
  return { budget: decimalOf(limit), budgetPeriod: period }
}

const expiryOf = (row: ForeignRow): string | null => {
  const text = textIn(row, 'expires')
  if (text === null) return null
  const plain = text.replace(' ', 'T')
  const atMs = Date.parse(/(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(plain) ? plain : `${plain}Z`)
  return Number.isNaN(atMs) ? null : new Date(atMs).toISOString()
}

const keyOf = (row: ForeignRow, budgets: ReadonlyMap<string, ForeignRow>, left: Left): ImportKey | null => {
  const token = textIn(row, 'token') ?? ''
  if (!/^[0-9a-f]{64}$/.test(token) && !/^sk-[!-+\--~]{29,509}$/.test(token)) {
    left.add('keys', 'the token is neither a SHA-256 nor a key of 32 characters')
    return null
  }
  if (flagIn(row, 'blocked')) {
    left.add('keys', 'they are blocked')
    return null
  }
  const models = listIn(row, 'models').filter((model) => !everyModel.has(model))
  for (const [column, what] of [
    ['aliases', 'model aliases of keys'],
    ['model_max_budget', 'budgets by model'],
    ['permissions', 'permissions of keys'],
  ] as const)
    if (!['', '{}', 'null'].includes(textIn(row, column) ?? '')) left.add(what, 'there is no counterpart on a key')
  return {
    ref: `key-${token.startsWith('sk-') ? (textIn(row, 'key_alias') ?? token.slice(-4)) : token.slice(0, 32)}`,
    name: textIn(row, 'key_alias') ?? textIn(row, 'key_name') ?? `key ${token.slice(0, 8)}`,
    key: token.startsWith('sk-') ? token : null,
    sha256: token.startsWith('sk-') ? null : token,
    models: models.length === 0 ? null : models,
    rpm: smallIn(row, 'rpm_limit'),
    tpm: smallIn(row, 'tpm_limit'),
    concurrency: smallIn(row, 'max_parallel_requests'),
    ...budgetOf(row, budgets, left),
    addresses: null,
    expires: expiryOf(row),
  }
}

/** A team with a budget for good has so much left; one without, or with one that comes again, is metered. */
const accountOf = (
  { ref, name }: Pick<ImportAccount, 'ref' | 'name'>,
  row: ForeignRow | undefined,
  left: Left,
): Omit<ImportAccount, 'keys'> => {
  const limit = row === undefined ? null : nanoOfNumber(textIn(row, 'max_budget') ?? undefined)
  const isForGood = row !== undefined && textIn(row, 'budget_duration') === null
  if (limit !== null && !isForGood)
    left.add(
      'budgets of teams and users',
      'a budget that comes again is not carried to an account: give it to its keys',
    )
  const spent = row === undefined ? 0n : (nanoOfNumber(textIn(row, 'spend') ?? undefined) ?? 0n)
  const rest = limit === null || !isForGood ? 0n : limit - spent
  return {
    ref,
    name,
    billing: limit !== null && isForGood ? 'prepaid' : 'unlimited',
    openingNanoUsd: rest > 0n ? rest : 0n,
    suspended: row !== undefined && flagIn(row, 'blocked'),
  }
}

const byId = (rows: readonly ForeignRow[] | undefined, column: string): ReadonlyMap<string, ForeignRow> =>
  new Map((rows ?? []).map((row) => [textIn(row, column) ?? '', row]))

const accountsOf = (tables: ForeignTables, left: Left): readonly ImportAccount[] => {
  const teams = byId(tables['LiteLLM_TeamTable'], 'team_id')
  const users = byId(tables['LiteLLM_UserTable'], 'user_id')
  const budgets = byId(tables['LiteLLM_BudgetTable'], 'budget_id')
  const accounts = new Map<string, ImportAccount>()
  for (const row of tables['LiteLLM_VerificationToken'] ?? []) {
    const key = keyOf(row, budgets, left)
    if (key === null) continue
    const [team, user] = [textIn(row, 'team_id'), textIn(row, 'user_id')]
    const [ref, owner, alias] =
      team !== null
        ? [`team-${team}`, teams.get(team), textIn(teams.get(team) ?? {}, 'team_alias') ?? team]
        : [
            `user-${user ?? 'none'}`,
            users.get(user ?? ''),
            textIn(users.get(user ?? '') ?? {}, 'user_email') ?? user ?? 'litellm',
          ]
    const account = accounts.get(ref) ?? { ...accountOf({ ref, name: alias }, owner, left), keys: [] }
    accounts.set(ref, { ...account, keys: [...account.keys, key] })
  }
  return [...accounts.values()]
}

type Deployment = { readonly provider: string; readonly line: string; readonly target: string }

const deploymentOf = (entry: unknown, left: Left): (Deployment & { readonly name: string }) | null => {
  if (!isObject(entry) || !isObject(entry['litellm_params'])) return null
  const parameters = entry['litellm_params'] as ForeignRow
  const full = textIn(parameters, 'model') ?? ''
  const slash = full.indexOf('/')
  const prefix = slash === -1 ? 'openai' : full.slice(0, slash)
  const base = textIn(parameters, 'api_base')
  const vendor = vendors[prefix] ?? (base === null ? null : 'openai-compatible')
  if (vendor === null) {
    left.add('models', `provider ${prefix} has no vendor here, and no api_base`)
    return null
  }
  const secret = textIn(parameters, 'api_key')
  const variable = secret?.startsWith('os.environ/') === true ? secret.slice('os.environ/'.length) : null
  if (secret !== null && variable === null)
    left.add(
      'secrets of models',
      'a key that stands in the file is never written out: put it into the environment variable that is named',
    )
  const host = base === null || !URL.canParse(base) ? '' : `-${new URL(base).hostname}`
  const provider = configName(
    `${prefix}${host}${variable === null ? '' : `-${variable.toLowerCase().replace(/_?api_?key_?/, '')}`}`,
  )
  const address = base === null ? '' : `, base_url: ${JSON.stringify(base)}`
  const weight = smallIn(parameters, 'weight')
  return {
    name: textIn(entry as ForeignRow, 'model_name') ?? full,
    provider,
    line: `{ vendor: ${vendor}, api_key: "env:${variable ?? keyVariable(provider)}"${address} }`,
    target: `{ provider: ${provider}, model: ${yamlText(slash === -1 ? full : full.slice(slash + 1))}${weight === null ? '' : `, weight: ${weight}`} }`,
  }
}

const yamlOf = (config: unknown, left: Left): string => {
  const list = isObject(config) && Array.isArray(config['model_list']) ? config['model_list'] : []
  const deployments = list.map((entry) => deploymentOf(entry, left)).filter((one) => one !== null)
  if (deployments.length === 0) return ''
  const providers = new Map(deployments.map(({ provider, line }) => [provider, line]))
  const models = new Map<string, string[]>()
  for (const { name, target } of deployments) models.set(name, [...(models.get(name) ?? []), target])
  for (const section of ['router_settings', 'litellm_settings', 'general_settings'])
    if (isObject(config) && config[section] !== undefined)
      left.add(section, 'settings are not carried: see docs/reference/configuration.md')
  return [
    'providers:',
    ...[...providers].map(([name, line]) => `  ${name}: ${line}`),
    'models:',
    ...[...models].map(
      ([name, targets]) => `  ${yamlText(name)}:\n    targets:\n${targets.map((one) => `      - ${one}`).join('\n')}`,
    ),
    '',
  ].join('\n')
}

/** What can be taken over from LiteLLM's tables and its configuration (`null` = none was given). */
export const planOfLitellm = (tables: ForeignTables, config: unknown): ImportPlan => {
  const left = leftBehind()
  const accounts = accountsOf(tables, left)
  const yaml = yamlOf(config, left)
  left.add('spend logs', 'the log of calls stays where it is', (tables['LiteLLM_SpendLogs'] ?? []).length)
  left.add('users without keys', 'people sign in anew', (tables['LiteLLM_UserTable'] ?? []).length > 0 ? 1 : 0)
  return { source: 'litellm', accounts, yaml, notCarried: left.all() }
}
