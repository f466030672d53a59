/** `drover import`: takes accounts, keys and balances over from another relay; says first what it would do, and what it cannot. */

import { open, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { parse } from 'yaml'
import { operations } from '#admin/operations.ts'
import { table } from '#admin/render.ts'
import { csvTable } from '#base/csv.ts'
import { isObject } from '#base/json-type.ts'
import { decimalOf } from '#base/money.ts'
import { tablesOfDump } from '#importer/dump.ts'
import { planOfLitellm } from '#importer/litellm.ts'
import { planOfOneApi } from '#importer/one-api.ts'
import type { ForeignTables, ImportAccount, ImportPlan, ImportSource } from '#importer/plan.ts'
import type { ConnectionFlags } from './connection.ts'
import { connect } from './connection.ts'
import { Failure } from './failure.ts'
import { addConnectionFlags } from './operation-command.ts'
import type { Shell } from './shell.ts'

type Flags = ConnectionFlags & { readonly apply?: boolean; readonly yaml?: boolean; readonly json?: boolean }
type Read = { readonly tables: ForeignTables; readonly config: unknown }

const oneApiTables = ['users', 'tokens', 'channels', 'options', 'redemptions', 'top_ups', 'subscription_orders']
const litellmTables = [
  'LiteLLM_VerificationToken',
  'LiteLLM_TeamTable',
  'LiteLLM_UserTable',
  'LiteLLM_BudgetTable',
  'LiteLLM_SpendLogs',
]

const unreadable = (file: string, why: string, thrown?: unknown): Failure =>
  new Failure(
    {
      what: `${file} cannot be imported.`,
      why,
      next: 'Give the SQLite file, a SQL dump (pg_dump, mysqldump, .dump), a JSON or CSV export of the tables, or proxy_config.yaml.',
      code: 'unreadable',
    },
    1,
    thrown,
  )

const isDatabase = async (file: string): Promise<boolean> => {
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(16), 0, 16, 0)
    return buffer.toString('latin1').startsWith('SQLite format 3')
  } finally {
    await handle.close()
  }
}

/** A list of rows says by its columns which table it is. */
const tableOf = (columns: readonly string[]): string | null => {
  if (columns.includes('token')) return 'LiteLLM_VerificationToken'
  if (columns.includes('team_alias')) return 'LiteLLM_TeamTable'
  if (columns.includes('user_email')) return 'LiteLLM_UserTable'
  return columns.includes('budget_id') ? 'LiteLLM_BudgetTable' : null
}

const fromRows = (rows: readonly Readonly<Record<string, unknown>>[], file: string): Read => {
  const name = tableOf(Object.keys(rows[0] ?? {}))
  if (name === null) throw unreadable(file, 'its columns are those of no table that is known.')
  return { tables: { [name]: rows }, config: null }
}

const fromJson = (text: string, file: string): Read => {
  const value: unknown = JSON.parse(text)
  if (Array.isArray(value)) return fromRows(value.filter(isObject), file)
  if (!isObject(value)) throw unreadable(file, 'it holds neither an object of tables nor a list of rows.')
  const tables = Object.entries(value).flatMap(([name, rows]) =>
    Array.isArray(rows) ? [[name, rows.filter(isObject)] as const] : [],
  )
  return { tables: Object.fromEntries(tables), config: null }
}

const readOne = async (file: string, names: readonly string[], { ports }: Shell): Promise<Read> => {
  if (await isDatabase(file)) return { tables: await ports.readTables(file, names), config: null }
  const text = await readFile(file, 'utf8')
  if (/\.ya?ml$/i.test(file)) return { tables: {}, config: parse(text) as unknown }
  if (/^\s*[[{]/.test(text)) return fromJson(text, file)
  if (/^(?:COPY|INSERT)\s/im.test(text)) return { tables: tablesOfDump(text), config: null }
  return fromRows(csvTable(text).rows, file)
}

const readAll = async (files: readonly string[], names: readonly string[], shell: Shell): Promise<Read> => {
  const tables: Record<string, ForeignTables[string]> = {}
  let config: unknown = null
  for (const file of files) {
    let read: Read
    try {
      read = await readOne(resolve(shell.ports.workingFolder, file), names, shell)
    } catch (thrown) {
      if (thrown instanceof Failure) throw thrown
      throw unreadable(file, thrown instanceof Error ? thrown.message : String(thrown), thrown)
    }
    for (const [name, rows] of Object.entries(read.tables)) tables[name] = [...(tables[name] ?? []), ...rows]
    config ??= read.config
  }
  return { tables, config }
}

const requestOf = (source: ImportSource, account: ImportAccount) => ({
  source,
  ref: account.ref,
  name: account.name.slice(0, 100).trim(),
  billing: account.billing,
  opening_usd: decimalOf(account.openingNanoUsd),
  suspended: account.suspended,
  keys: account.keys.map(({ budgetPeriod, name, ...key }) => ({
    ...key,
    name: name.slice(0, 100).trim() || key.ref,
    budget_period: budgetPeriod,
  })),
})

const keysPerRequest = 500

type Done = { readonly created: boolean; readonly keys: number; readonly known_keys: number; readonly isFirst: boolean }

const applyPlan = async (plan: ImportPlan, flags: Flags, shell: Shell): Promise<readonly Done[]> => {
  const operation = operations.find(({ noun }) => noun === 'imports')
  if (operation === undefined) throw new Error('there is no operation imports account')
  const client = await connect(flags, shell.ports)
  try {
    const done: Done[] = []
    // Of an account with very many keys, some at a time.
    for (const account of plan.accounts)
      for (let start = 0; start === 0 || start < account.keys.length; start += keysPerRequest) {
        const some = { ...account, keys: account.keys.slice(start, start + keysPerRequest) }
        done.push({ ...((await client.run(operation, requestOf(plan.source, some))) as Done), isFirst: start === 0 })
      }
    return done
  } finally {
    await client.close()
  }
}

/** Without keys: a plan may be shown to anybody. */
const viewOf = ({ accounts, yaml, notCarried, source }: ImportPlan) => ({
  source,
  accounts: accounts.map(({ openingNanoUsd, keys, ...account }) => ({
    ...account,
    opening_usd: decimalOf(openingNanoUsd),
    keys: keys.map(({ key, sha256, budgetPeriod, ...rest }) => ({
      ...rest,
      budget_period: budgetPeriod,
      known_by: key === null ? `sha256 ${sha256?.slice(0, 8) ?? ''}…` : `sk-…${key.slice(-4)}`,
    })),
  })),
  not_carried: notCarried,
  yaml,
})

const planText = (plan: ImportPlan): string => {
  const rows = plan.accounts.map(({ name, billing, openingNanoUsd, suspended, keys }) => [
    name,
    billing,
    `${decimalOf(openingNanoUsd)} USD`,
    keys.length,
    suspended ? 'suspended' : '',
  ])
  const left = plan.notCarried.map(({ what, why, count }) => `- ${what} (${count}): ${why}\n`).join('')
  return [
    rows.length === 0 ? 'No accounts.\n' : table(['ACCOUNT', 'BILLING', 'OPENS WITH', 'KEYS', ''], rows),
    left === '' ? '' : `\nNot carried, or not as it was:\n${left}`,
    plan.yaml === '' ? '' : `\nA proposal for drover.yaml:\n\n${plan.yaml}`,
  ].join('')
}

const runImport = async (
  { source, files }: { readonly source: ImportSource; readonly files: readonly string[] },
  flags: Flags,
  shell: Shell,
): Promise<void> => {
  const { terminal } = shell
  const read = await readAll(files, source === 'litellm' ? litellmTables : oneApiTables, shell)
  const plan = source === 'litellm' ? planOfLitellm(read.tables, read.config) : planOfOneApi(read.tables, source)
  if (flags.yaml === true) return terminal.data(plan.yaml)
  if (flags.apply !== true) {
    if (flags.json === true) terminal.json({ ...viewOf(plan), applied: false })
    else {
      terminal.data(planText(plan))
      terminal.talk('Nothing was changed: this is what --apply would do.')
    }
    return
  }
  const done = await applyPlan(plan, flags, shell)
  const keys = done.reduce((sum, one) => sum + one.keys, 0)
  const known = done.reduce((sum, one) => sum + one.known_keys, 0)
  if (flags.json === true) terminal.json({ ...viewOf(plan), applied: true, done })
  else
    terminal.data(
      `${done.filter(({ created }) => created).length} accounts and ${keys} keys are new; ${done.filter(({ created, isFirst }) => isFirst && !created).length} accounts and ${known} keys were there already\n`,
    )
}

const titles: Readonly<Record<ImportSource, string>> = {
  'one-api': 'One API: its SQLite file or a SQL dump.',
  'new-api': 'New API: its SQLite file or a SQL dump.',
  litellm: 'LiteLLM: a Postgres dump or JSON or CSV exports of its tables, and proxy_config.yaml.',
}

/** The command, with one below it for each relay. */
export const importCommand = (shell: Shell): Command => {
  const command = new Command('import').description('Take keys, balances, channels and prices over from another relay.')
  for (const [source, title] of Object.entries(titles) as [ImportSource, string][]) {
    const below = new Command(source)
      .description(title)
      .argument('<file...>', 'The files.')
      .option('--apply', 'Do it. Without, it is only said what would be done.')
      .option('--yaml', 'Print only the proposal for drover.yaml.')
    addConnectionFlags(below).option('--json', 'Print JSON.')
    below.action(async (files: readonly string[]) => runImport({ source, files }, below.opts<Flags>(), shell))
    command.addCommand(below)
  }
  return command
}
