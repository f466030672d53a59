/**
 * Plans the change of a codebase to the relay: settings before code, never in tests, examples or lists of models. Each file is read again
 * as it would be, and is left alone when that finds other things than before, or when a second round would change it again.
 */

import { audit } from '#audit/audit.ts'
import type { AuditReport, CallSite } from '#audit/finding.ts'
import { modelNames } from '#audit/rule/model-name.ts'
import { languages } from '#audit/syntax/language.ts'
import { parse } from '#audit/syntax/parse.ts'
import { buildUnit } from '#audit/trace/scope.ts'
import type { FileKind } from '#audit/walk/file-kind.ts'
import { isTestPath } from '#audit/walk/file-kind.ts'
import type { FileSource } from '#audit/walk/file-source.ts'
import { memorySource } from '#audit/walk/file-source.ts'
import type { Catalog } from '#catalog/model.ts'
import type { Wanted } from './code-edit.ts'
import { codeEdits, isForeignChatModel } from './code-edit.ts'
import type { Edit } from './edit.ts'
import { applyEdits, unifiedDiff } from './edit.ts'
import { headerEdits } from './header-edit.ts'
import { nameStays } from './movable.ts'
import { settingEdits } from './setting-edit.ts'

export type FileChange = {
  readonly path: string
  readonly before: string
  readonly after: string
  readonly edits: readonly Edit[]
  readonly diff: string
}

/** What is left as it is: a file, or one line of it. */
export type Left = { readonly path: string; readonly line?: number; readonly why: string }

export type Plan = {
  readonly changes: readonly FileChange[]
  readonly left: readonly Left[]
  /** Variables that hold the keys of what moves: they are to hold the relay's key. */
  readonly keyVariables: readonly string[]
}

type Given = {
  readonly source: FileSource
  readonly report: AuditReport
  readonly catalog: Catalog | null
  readonly relay: string
  readonly model: string | null
}

type Editing = { readonly kind: FileKind; readonly sites: readonly CallSite[]; readonly wanted: Wanted }

const editsOf = (path: string, text: string, { kind, sites, wanted: asked }: Editing): readonly Edit[] => {
  const naming = { sites: sites.filter((site) => site.path === path), relay: asked.relay }
  const wanted: Wanted = { ...asked, stays: (name, line) => nameStays(name, line, naming) }
  if (kind.kind === 'settings')
    return settingEdits({ path, text, isEnvironment: kind.language === 'env', sites }, wanted)
  if (kind.kind !== 'code' || kind.form !== 'plain') return []
  // A list of models defines what there is; what is named in it is not called.
  const isList = sites.some((site) => site.path === path && site.kind === 'model' && site.bucket === 'definer')
  const rules = languages[kind.language]
  const unit = buildUnit({ path, language: kind.language, source: text }, parse(text, rules), rules.self)
  const edits = codeEdits(unit, isList ? { ...wanted, model: null } : wanted)
  const cuts = headerEdits(unit).filter((one) => !edits.some(({ start, end }) => start < one.end && one.start < end))
  return [...edits, ...cuts].toSorted((one, other) => one.start - other.start)
}

/** What is found in one file alone, without its place and its values. */
const shapeOf = (path: string, text: string, catalog: Catalog | null): string => {
  const report = audit({
    source: memorySource({ [path]: text }),
    catalog,
    target: null,
    atMs: 0,
    baseline: new Set(),
    progress: () => undefined,
  })
  return report.call_sites
    .filter(({ kind }) => ['client', 'call', 'wrapper'].includes(kind))
    .map(
      ({ kind, sdk, parameters }) =>
        `${kind} ${sdk} ${Object.keys(parameters)
          .filter((name) => name !== 'default_headers')
          .join(' ')}`,
    )
    .join('\n')
}

/** Why an edited file cannot be kept, or null. Lines that were added move what follows, so such files are only held to their count. */
const faultOf = (
  change: Omit<FileChange, 'diff'>,
  { kind, sites, wanted, catalog }: Editing & { readonly catalog: Catalog | null },
): string | null => {
  const { path, before, after } = change
  if (editsOf(path, after, { kind, sites, wanted }).length > 0 && kind.kind === 'code')
    return 'a second round would change it again'
  if (kind.kind === 'code' && shapeOf(path, before, catalog) !== shapeOf(path, after, catalog))
    return 'something else would be found in it afterwards'
  return null
}

const keyVariablesOf = (sites: readonly CallSite[]): readonly string[] => {
  const reaching = sites.filter(
    ({ kind, bucket }) => bucket === 'caller' && ['client', 'call', 'raw-http'].includes(kind),
  )
  return [
    ...new Set(reaching.flatMap(({ auth }) => (auth?.startsWith('env:') === true ? [auth.slice(4)] : []))),
  ].toSorted()
}

/** Models that keep their names although a target is named, each told once a file. */
const staying = (path: string, sites: readonly CallSite[], wanted: Wanted): readonly Left[] => {
  const naming = { sites: sites.filter((site) => site.path === path), relay: wanted.relay }
  const told = new Map<string, Left>()
  for (const { model, line } of naming.sites)
    if (model !== null && !told.has(model) && isForeignChatModel(model, wanted) && nameStays(model, line, naming))
      told.set(model, { path, line, why: `what asks for ${model} there does not come to the relay` })
  return [...told.values()]
}

/** The plan; nothing is written. */
export const planFixes = ({ source, report, catalog, relay, model }: Given): Plan => {
  const wanted: Wanted = { relay: relay.replace(/\/$/, ''), model, names: modelNames(catalog) }
  const sites = report.call_sites
  const paths = [...new Set(sites.filter(({ bucket }) => bucket === 'caller').map(({ path }) => path))].filter(
    (path) => !isTestPath(path),
  )
  const changes: FileChange[] = []
  const left: Left[] = []
  for (const path of paths) {
    left.push(...staying(path, sites, wanted))
    const before = source.read(path)
    const kind = source.kind(path)
    const edits = before === null ? [] : editsOf(path, before, { kind, sites, wanted })
    if (before === null || edits.length === 0) continue
    const change = { path, before, after: applyEdits(before, edits), edits }
    const why = faultOf(change, { kind, sites, wanted, catalog })
    if (why === null) changes.push({ ...change, diff: unifiedDiff(path, before, change.after) })
    else left.push({ path, why })
  }
  // Settings first: whoever reads the plan sees what is enough by itself.
  const rank = ({ path }: FileChange): number => (source.kind(path).kind === 'settings' ? 0 : 1)
  return {
    changes: changes.toSorted((one, other) => rank(one) - rank(other)),
    left,
    keyVariables: keyVariablesOf(sites),
  }
}
