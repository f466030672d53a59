/** Raw data against the schemas: every fault at once, in words that name the mend. */

import { z } from 'zod'
import { meantText, nearestOf } from '#base/nearest.ts'
import type { ConfigDocument } from './document.ts'
import type { Fault, Path } from './fault.ts'
import { pathText } from './fault.ts'
import type { BlockName, Settings } from './schema.ts'
import { blocks, unavailable } from './schema.ts'

/** Says more about an unknown key than its nearest name, where it can. */
export type Explain = (path: Path, key: string) => string | null

export type Validated = {
  /** What could be read; blocks with faults hold what is sound in them, so that the checks that follow see the rest. */
  readonly settings: Settings
  readonly faults: readonly Fault[]
}

type Issue = z.core.$ZodIssue
type Found = { readonly path: Path; readonly part: 'key' | 'value'; readonly message: string }
type Raw = Readonly<Record<string, unknown>>

const roundsMax = 20
const knownShownMax = 16

const isRecord = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands at the path; `undefined` where nothing does. */
const valueAt = (raw: unknown, path: Path): unknown => {
  let here = raw
  for (const segment of path) {
    if (Array.isArray(here)) here = here[Number(segment)]
    else if (isRecord(here)) here = Object.hasOwn(here, String(segment)) ? here[String(segment)] : undefined
    else return undefined
  }
  return here
}

const expectation: Readonly<Record<string, string>> = {
  object: 'must be a block of keys',
  record: 'must be a block of keys',
  array: 'must be a list',
  boolean: 'must be true or false',
  string: 'must be text',
  number: 'must be a number',
}

/** Zod's words are replaced by ours; for an unknown key the message lists the known ones, which nobody else knows later. */
const wording: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'unrecognized_keys') {
    const shape = (issue.inst as z.ZodObject | undefined)?.shape
    return Object.keys(shape ?? {}).join(' ')
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    const meant = typeof issue.input === 'string' ? meantText(issue.input, values) : ''
    return `must be ${values.length === 1 ? '' : 'one of '}${values.join(', ')}${meant}`
  }
  if (issue.code === 'invalid_type') return expectation[issue.expected] ?? undefined
  return undefined
}

/** Of the branches of a union, the one that the value was meant for: the one that read furthest into it. */
const meantBranch = (issue: Extract<Issue, { code: 'invalid_union' }>, value: unknown): readonly Issue[] => {
  const isStructure = typeof value === 'object' && value !== null
  const branches = issue.errors.filter((branch) =>
    isStructure ? branch.every((one) => one.path.length > 0 || one.code === 'unrecognized_keys') : true,
  )
  return branches[0] ?? []
}

const unknownKey = (key: string, known: readonly string[], explained: string | null): string => {
  if (explained !== null) return explained
  const [nearest] = nearestOf(key, known)
  if (nearest !== undefined) return `unknown key; did you mean '${nearest}'?`
  if (known.length === 0) return 'unknown key; nothing can be set here'
  return `unknown key; known here: ${known.slice(0, knownShownMax).join(', ')}${known.length > knownShownMax ? ', …' : ''}`
}

const missing = (path: Path): Found => ({
  path: path.slice(0, -1),
  part: 'key',
  message: `needs '${String(path.at(-1))}', which is missing`,
})

/** One issue in our words; a union's issue becomes those of the branch that was meant. */
const foundOf = (issue: Issue, raw: unknown, explain: Explain): readonly Found[] => {
  const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
  const value = valueAt(raw, path)
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ').filter((word) => word !== '')
    return issue.keys.map((key) => ({
      path: [...path, key],
      part: 'key' as const,
      message: unknownKey(key, known, explain(path, key)),
    }))
  }
  if (value === undefined && path.length > 1) return [missing(path)]
  if (value === null) return [{ path, part: 'key', message: 'is empty: give it a value, or remove it' }]
  if (issue.code === 'invalid_key')
    return issue.issues.slice(0, 1).map((inner) => ({ path, part: 'key' as const, message: inner.message }))
  if (issue.code === 'invalid_union') {
    const branch = meantBranch(issue, value)
    if (branch.length > 0)
      return branch.flatMap((inner) =>
        foundOf({ ...inner, path: [...issue.path, ...inner.path] } as Issue, raw, explain),
      )
    return [{ path, part: 'value', message: issue.errors.map((errors) => errors[0]?.message ?? '').join(', or ') }]
  }
  return [{ path, part: 'value', message: issue.message }]
}

/** Takes out what an issue is about, so that the rest can be read; where something is missing, what it is missing from. */
const prune = (raw: unknown, path: Path): void => {
  const listAt = path.findIndex((segment) => typeof segment === 'number')
  let cut = listAt === -1 ? path : path.slice(0, listAt)
  while (cut.length > 1 && valueAt(raw, cut) === undefined) cut = cut.slice(0, -1)
  const parent = valueAt(raw, cut.slice(0, -1))
  if (typeof parent === 'object' && parent !== null) Reflect.deleteProperty(parent, String(cut.at(-1)))
}

const pathsOf = (issue: Issue): readonly Path[] => {
  const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
}

type BlockResult = { readonly value: unknown; readonly found: readonly Found[] }

/**
 * Parses a block until what remains is sound. Later rounds show what the schema only says of sound data; what is
 * missing there was taken out here, and is no fault of the file.
 */
const readBlock = (name: BlockName, raw: unknown, explain: Explain): BlockResult => {
  const whole = { [name]: raw }
  const rest = structuredClone(whole)
  const schema = z.strictObject({ [name]: blocks[name] })
  const found: Found[] = []
  for (let round = 0; round < roundsMax; round += 1) {
    if (rest[name] === undefined) return { value: undefined, found }
    const result = schema.safeParse(rest, { error: wording })
    if (result.success) return { value: result.data[name], found }
    for (const issue of result.error.issues) {
      const isTaken = round > 0 && pathsOf(issue).every((path) => valueAt(rest, path) === undefined)
      if (!isTaken) found.push(...foundOf(issue, whole, explain))
    }
    for (const issue of result.error.issues) for (const path of pathsOf(issue)) prune(rest, path)
  }
  return { value: undefined, found }
}

const isBlock = (name: string): name is BlockName => Object.hasOwn(blocks, name)

/** Holds the document against every schema. A block that this version cannot do is refused once its content is sound. */
export const validate = (document: ConfigDocument, file: string | null, explain: Explain): Validated => {
  const settings: Record<string, unknown> = {}
  const faults: Fault[] = []
  const seen = new Set<string>()
  const add = ({ path, part, message }: Found): void => {
    const place = document.placeOf(path, part)
    const fault = { file, line: place?.line ?? null, column: place?.column ?? null, path: pathText(path), message }
    const key = JSON.stringify(fault)
    if (!seen.has(key)) faults.push(fault)
    seen.add(key)
  }
  if (document.value === null || document.value === undefined) return { settings, faults }
  if (!isRecord(document.value)) {
    add({ path: [], part: 'value', message: `must be a block of keys such as 'server' and 'providers'` })
    return { settings, faults }
  }
  for (const [name, raw] of Object.entries(document.value)) {
    if (!isBlock(name)) {
      add({ path: [name], part: 'key', message: unknownKey(name, Object.keys(blocks), null) })
      continue
    }
    if (raw === null) continue
    const { value, found } = readBlock(name, raw, explain)
    for (const one of found) add(one)
    settings[name] = value
    const refusal = unavailable[name]
    if (refusal !== undefined && found.length === 0)
      add({
        path: [name],
        part: 'key',
        message: `'${name}' is not available in this version: remove the block. For now: ${refusal}`,
      })
  }
  return { settings, faults }
}
