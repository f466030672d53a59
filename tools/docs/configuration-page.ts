import { restartNames } from '#config/watch.ts'

/** The part of JSON Schema that the settings give. */
export type Schema = {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly kind?: string
  readonly range?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly maxItems?: number
}

export type Block = { readonly name: string; readonly schema: Schema; readonly unavailable: string | undefined }

type Row = { readonly path: string; readonly schema: Schema; readonly isRequired: boolean }

/** docs/reference/configuration.md: every key of drover.yaml, block by block, with kind, bounds and default. */
export function configurationPage(blocks: readonly Block[]): string {
  const available = blocks.filter(({ unavailable }) => unavailable === undefined)
  const later = blocks.filter(({ unavailable }) => unavailable !== undefined)
  return `# Configuration

Drover reads \`drover.yaml\` in the folder it is started in, or the file given with \`--config\`; without one it finds providers by
their usual environment variables. An unknown key is an error that names file, line and path. The file is watched: a good edit
takes effect for the next call, a bad one is refused and the old state stays. Relative paths start at the folder of the file.

Changes of some settings wait for a restart, which the log and \`/health/readiness\` say: ${restartNames.map((name) => `\`${name}\``).join(', ')}.

- A **duration** has a unit: \`250ms\`, \`30s\`, \`10m\`, \`24h\`, \`90d\`. A **size** too: \`512kb\`, \`32mb\`, \`1gb\`, in powers of 1024.
- An **amount** is a decimal in quotes: \`"0.60"\`.
- A **reference** says where a secret lies: \`env:NAME\` or \`file:/path\`. A secret written out is refused.
- In paths, \`NAME\` stands for a name of your choice and \`[]\` for each element of a list.

| block | what it is for |
|---|---|
${available.map(({ name, schema }) => `| [\`${name}\`](#${name}) | ${cell(schema.description)} |`).join('\n')}

${available.map(blockSection).join('\n\n')}
${later.length === 0 ? '' : laterSection(later)}`
}

function blockSection({ name, schema }: Block): string {
  return `## ${name}\n\n${schema.description ?? ''}\n\n${keysTable(name, schema)}`
}

function keysTable(name: string, schema: Schema): string {
  const rows = rowsOf({ path: name, schema, isRequired: false }).filter(({ path }) => path !== name)
  const table = rows.map(
    (row) =>
      `| \`${row.path.replace(/^\./, '')}\` | ${kindOf(row.schema)} | ${defaultOf(row)} | ${cell(row.schema.description)} |`,
  )
  return `| key | kind | default | meaning |\n|---|---|---|---|\n${table.join('\n')}`
}

/** docs/reference/migration-file.md: every key of the file of a migration, and what can be measured. */
export function migrationFilePage(schema: Schema, metrics: Readonly<Record<string, Measured>>): string {
  const rows = Object.entries(metrics).map(
    ([name, { type, summary }]) => `| \`${name}\` | \`${type}\` | ${cell(summary)} |`,
  )
  return `# The file of a migration

YAML (or JSON) that \`drover migrate plan\` and \`start\` take; [staged.md](../migrate/staged.md) tells what it is for. An unknown key is an error that names its line.
Durations, amounts and the signs of paths are as in [configuration.md](configuration.md).

${keysTable('', schema)}

## Metrics

| name | type | what a conversation is counted for |
|---|---|---|
${rows.join('\n')}
`
}

type Measured = { readonly type: string; readonly summary: string }

function laterSection(blocks: readonly Block[]): string {
  const rows = blocks.map(({ name, unavailable }) => `| \`${name}\` | ${cell(unavailable)} |`)
  return `\n## Not in this version\n\nThese blocks are known and refused by name, so that nothing is believed to be on that is not.\n\n| block | instead |\n|---|---|\n${rows.join('\n')}\n`
}

/** The row of a key and of every key below it. */
function rowsOf(row: Row): Row[] {
  const { path, schema } = row
  const below: Row[] = []
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const isRequired = (schema.required ?? []).includes(name) && child.default === undefined
    below.push(...rowsOf({ path: `${path}.${name}`, schema: child, isRequired }))
  }
  if (typeof schema.additionalProperties === 'object') {
    below.push(...inner({ path: `${path}.NAME`, schema: schema.additionalProperties, isRequired: false }))
  }
  if (schema.items !== undefined) below.push(...inner({ path: `${path}[]`, schema: schema.items, isRequired: false }))
  for (const choice of schema.anyOf ?? []) below.push(...inner({ path, schema: choice, isRequired: false }))
  return [row, ...below]
}

/** What lies below an element: a row of its own only when it says what it means. */
function inner(row: Row): Row[] {
  const [self, ...below] = rowsOf(row)
  return self !== undefined && self.schema.description !== undefined && !below.some(({ path }) => path === row.path)
    ? [self, ...below]
    : below
}

function kindOf(schema: Schema): string {
  const range = schema.range === undefined || schema.range === '' ? '' : `, ${schema.range}`
  if (schema.kind !== undefined) return `${schema.kind}${range}`
  if (schema.const !== undefined) return code(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(code).join(' or ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(kindOf))].join(' or ')
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'values' : kindOf(schema.items)}`
  if (schema.type === 'object') return typeof schema.additionalProperties === 'object' ? 'named entries' : 'block'
  if (schema.type === 'integer' || schema.type === 'number') return `number${boundsOf(schema)}`
  return schema.type === 'boolean' ? '`true` or `false`' : 'text'
}

function boundsOf({ minimum, maximum }: Schema): string {
  const isOpen = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
  if (minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER) return isOpen ? '' : `, at most ${maximum}`
  return isOpen ? `, at least ${minimum}` : `, ${minimum} to ${maximum}`
}

function defaultOf({ schema, isRequired }: Row): string {
  if (isRequired) return 'must be given'
  const value = schema.default
  if (value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)) return ''
  return code(value)
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** Text that a table's cell can hold. */
function cell(text: string | undefined): string {
  return (text ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')
}
