/** Settings as fields of a form: what the schemas say of each, what the file says now, and the file with other values in it. */

import { isNode, isScalar, parseDocument } from 'yaml'
import { z } from 'zod'
import { refusalSays } from '#base/refusal.ts'
import type { Sentence } from '#base/sentence.ts'
import type { SettingChange, SettingField } from '#base/setting-field.ts'
import type { Path } from './fault.ts'
import { pathText } from './fault.ts'
import type { BlockName } from './schema.ts'
import { blocks } from './schema.ts'

/** What people change; providers, models and prices have pages of their own. */
export const formBlocks: readonly BlockName[] = [
  'server',
  'plans',
  'limits',
  'signup',
  'settlement',
  'payments',
  'seller',
  'public',
  'retention',
  'mail',
  'recipients',
  'alerts',
]

/** Where secrets and files lie is not told from afar: an address would then be sent what lies there. */
const untouched: readonly string[] = ['reference', 'path', 'url or reference']

type Schema = {
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
}

type Placed = {
  readonly path: Path
  readonly schema: Schema
  readonly value: unknown
  readonly isRequired: boolean
}
type Found = SettingField & { readonly names: Path }

const schemaOf = (name: BlockName): Schema =>
  z.toJSONSchema(blocks[name], { io: 'input', unrepresentable: 'any' }) as Schema

const textOf = (value: unknown): string | null => {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map(String).join(', ')
  return typeof value === 'object' ? null : String(value)
}

const isPlain = ({ properties, additionalProperties, items, anyOf }: Schema): boolean =>
  properties === undefined &&
  typeof additionalProperties !== 'object' &&
  (items === undefined || isPlain(items)) &&
  (anyOf ?? []).every(isPlain)

const kindOf = (schema: Schema): SettingField['kind'] => {
  if (schema.enum !== undefined) return 'choice'
  if (schema.type === 'array') return 'list'
  if (schema.type === 'integer' || schema.type === 'number') return 'number'
  return schema.type === 'boolean' ? 'switch' : 'text'
}

/** A bound so far away is no help to anybody. */
const toldMax = 1_000_000_000

const rangeOf = ({ range, minimum, maximum }: Schema): string | null => {
  if (range !== undefined && range !== '') return range
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? [] : [`at least ${minimum}`]
  const most = maximum === undefined || maximum >= toldMax ? [] : [`at most ${maximum}`]
  return [...least, ...most].join(', ') || null
}

const leafOf = ({ path, schema, value, isRequired }: Placed): Found => {
  const unit = schema.kind ?? schema.items?.kind ?? null
  return {
    names: path,
    path: pathText(path),
    block: String(path[0]),
    kind: kindOf(schema),
    unit,
    choices: (schema.enum ?? []).map(String),
    range: rangeOf(schema),
    fallback: textOf(schema.default),
    value: textOf(value),
    help: schema.description ?? '',
    required: isRequired,
    editable: unit === null || !untouched.includes(unit),
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

/** A block that may be absent and is, is not offered: what it needs is written into the file. */
const isOffered = (child: Schema, value: unknown): boolean =>
  isPlain(child) || value !== undefined || child.default !== undefined

const leavesOf = (placed: Placed): readonly Found[] => {
  const { path, schema, value } = placed
  if (isPlain(schema)) return [leafOf(placed)]
  const own = asRecord(value)
  const required = schema.required ?? []
  const below = (name: string | number, child: Schema, isRequired: boolean): readonly Found[] =>
    leavesOf({ path: [...path, name], schema: child, value: own[name], isRequired })
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, child]) =>
      isOffered(child, own[name]) ? below(name, child, required.includes(name) && child.default === undefined) : [],
    )
  const { items, additionalProperties: named } = schema
  if (items !== undefined)
    return (Array.isArray(value) ? value : []).flatMap((_one, index) => below(index, items, true))
  if (typeof named === 'object') return Object.keys(own).flatMap((name) => below(name, named, true))
  const fitting = (schema.anyOf ?? []).find((one) => isPlain(one) === (typeof value !== 'object'))
  return fitting === undefined ? [] : leavesOf({ ...placed, schema: { ...fitting, ...descriptionOf(schema) } })
}

const descriptionOf = ({ description }: Schema): { readonly description?: string } =>
  description === undefined ? {} : { description }

const valueIn = (text: string): unknown => {
  const document = parseDocument(text, { merge: true, uniqueKeys: true })
  return document.errors.length > 0 ? null : document.toJS({ maxAliasCount: 200 })
}

const foundIn = (text: string): readonly Found[] => {
  const value = asRecord(valueIn(text))
  return formBlocks.flatMap((block) =>
    leavesOf({ path: [block], schema: schemaOf(block), value: value[block], isRequired: false }),
  )
}

/** The fields that a file has: those of blocks that it has or may have, and of each entry that it names. A secret that belongs to none is not offered. */
export const settingFields = (text: string): readonly SettingField[] =>
  foundIn(text)
    .filter(({ editable, value }) => editable || value !== null)
    .map(({ names: _names, ...field }) => field)

/** What each of these blocks is for, as the manual says it. */
export const settingBlocks = (): readonly { readonly name: string; readonly help: string }[] =>
  formBlocks.map((name) => ({ name, help: schemaOf(name).description ?? '' }))

const plainForm = /^(?=.*[A-Za-z])[A-Za-z0-9][\w./-]*$/
const wordOfYaml = /^(true|false|null|yes|no|on|off|y|n)$/i

/** A text as YAML reads it back, in braces as well. */
const quoted = (text: string, unit: string | null): string =>
  plainForm.test(text) && !wordOfYaml.test(text) && unit !== 'amount' && unit !== 'percentage'
    ? text
    : JSON.stringify(text)

const itemsOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

const settledValue = ({ kind }: Found, text: string): unknown => {
  if (kind === 'switch') return text === 'true'
  if (kind === 'list') return itemsOf(text)
  return kind === 'number' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

const written = (field: Found, text: string): string => {
  if (field.kind === 'list')
    return `[${itemsOf(text)
      .map((one) => quoted(one, field.unit))
      .join(', ')}]`
  const value = settledValue(field, text)
  return typeof value === 'string' ? quoted(value, field.unit) : String(value)
}

export type Rewritten = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: Sentence }

type Wish = { readonly field: Found; readonly value: string | null }
type Splice = { readonly from: number; readonly to: number; readonly text: string }

/** Where a value stands by itself in the text, its bytes are replaced and everything else stays as somebody wrote it. */
const spliceFor = (document: ReturnType<typeof parseDocument>, { field, value }: Wish): Splice | null => {
  if (value === null) return null
  const node = document.getIn(field.names, true)
  if (!isNode(node) || node.range == null || node.anchor !== undefined) return null
  const isOneLine = isScalar(node) ? !/^[|>]/.test(String(node.source ?? '')) : 'flow' in node && node.flow === true
  if (!isOneLine || (isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'))) return null
  return { from: node.range[0], to: node.range[1], text: written(field, value) }
}

const spliced = (text: string, splices: readonly Splice[]): string =>
  splices
    .toSorted((one, other) => other.from - one.from)
    .reduce((whole, { from, to, text: next }) => whole.slice(0, from) + next + whole.slice(to), text)

const rewrite = (text: string, wishes: readonly Wish[]): string => {
  const document = parseDocument(text, { merge: true })
  const splices = wishes.map((wish) => spliceFor(document, wish))
  const next = spliced(
    text,
    splices.filter((one) => one !== null),
  )
  const left = wishes.filter((_wish, index) => splices[index] === null)
  if (left.length === 0) return next
  const whole = parseDocument(next, { merge: true })
  for (const { field, value } of left)
    if (value === null) whole.deleteIn(field.names)
    else whole.setIn(field.names, whole.createNode(settledValue(field, value), { flow: true }))
  return whole.toString({ lineWidth: 0 })
}

/**
 * The file with other values. Everything else stays, comments as well; where a key is new or goes, lines may be laid out anew.
 * It is not said that the values may be as they are: the file is read for that.
 */
export const rewriteSettings = (text: string, changes: readonly SettingChange[]): Rewritten => {
  const fields = foundIn(text)
  const wishes: Wish[] = []
  for (const { path, value } of changes) {
    const field = fields.find((one) => one.path === path)
    if (field === undefined) return { ok: false, why: refusalSays('setting_not_offered', { path }) }
    if (!field.editable) return { ok: false, why: refusalSays('setting_in_file_alone', { path }) }
    if (field.required && value === null) return { ok: false, why: refusalSays('setting_needed', { path }) }
    if (value !== field.value) wishes.push({ field, value })
  }
  if (wishes.length === 0) return { ok: true, text }
  const next = rewrite(text, wishes)
  const now = foundIn(next)
  const lost = wishes.find(({ field, value }) => {
    const found = now.find(({ path }) => path === field.path)?.value ?? null
    return (found === null ? null : itemsOf(found).join()) !== (value === null ? null : itemsOf(value).join())
  })
  return lost === undefined
    ? { ok: true, text: next }
    : { ok: false, why: refusalSays('setting_in_other_form', { path: lost.field.path }) }
}
