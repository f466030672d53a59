/** Audits a codebase: lists its files, reads what matters, follows clients to their calls, says what was seen and what was not. */

import type { Catalog } from '#catalog/model.ts'
import { detectCode } from './detect/code.ts'
import { detectCouplings } from './detect/coupling.ts'
import { detectSecrets, sha256 } from './detect/secret.ts'
import { detectSettings } from './detect/setting.ts'
import type { AuditReport, CallSite, Coupling, Coverage, Draft, Secret } from './finding.ts'
import { isRelevant } from './relevant.ts'
import { sdks } from './rule/index.ts'
import type { ModelNames } from './rule/model-name.ts'
import { modelNames } from './rule/model-name.ts'
import type { Suppressions } from './suppress.ts'
import { fileSuppressions, isSuppressed } from './suppress.ts'
import type { LanguageName } from './syntax/language.ts'
import { languages } from './syntax/language.ts'
import { effectsOf, lifeOf } from './target/effect.ts'
import type { Target } from './target/target.ts'
import { makeTracer } from './trace/evaluate.ts'
import type { Project } from './trace/project.ts'
import { makeProject, unitAt } from './trace/project.ts'
import { isPropertyFile } from './trace/property.ts'
import type { UsageGiven } from './usage/join.ts'
import { joinUsage } from './usage/join.ts'
import type { FileKind } from './walk/file-kind.ts'
import { isTestPath, textReason } from './walk/file-kind.ts'
import type { FileSource, Listing } from './walk/file-source.ts'
import { componentText, notebookText } from './walk/source-text.ts'
import { addressWithoutSecrets, parametersWithoutSecrets } from './without-secrets.ts'

export type Progress = { readonly done: number; readonly all: number; readonly step: 'read' | 'follow' }

export type AuditRequest = {
  readonly source: FileSource
  readonly catalog: Catalog | null
  readonly target: Target | null
  /** Now: models that have ended are told. */
  readonly atMs: number
  /** Fingerprints that an earlier report accepted. */
  readonly baseline: ReadonlySet<string>
  readonly progress: (progress: Progress) => void
  /** Rows of usage exports, to be joined to the call sites. */
  readonly usage?: UsageGiven | undefined
}

/** Examples of skipped paths that are told, of each reason. */
const examplesMax = 5
/** Rounds in which files are found that use what earlier rounds found. */
const roundsMax = 4

type Counts = { scanned: number; parsed: number; lines: number; bytes: number; byComment: number; byBaseline: number }

type Session = {
  readonly request: AuditRequest
  readonly names: ModelNames
  readonly project: Project
  readonly kinds: ReadonlyMap<string, FileKind>
  readonly relevant: Set<string>
  readonly suppressions: Map<string, Suppressions>
  /** Of notebooks: the line of the file for each line of the code. */
  readonly lineMaps: ReadonlyMap<string, readonly number[]>
  readonly skipped: Map<string, readonly string[]>
  readonly failed: { path: string; reason: string }[]
  readonly byLanguage: Record<string, { files: number; lines: number }>
  readonly secrets: Secret[]
  readonly couplings: Coupling[]
  readonly drafts: { readonly path: string; readonly draft: Draft; readonly language: string }[]
  readonly counts: Counts
}

const languageName = (kind: FileKind): string =>
  kind.kind === 'skip' ? '' : kind.kind === 'code' && kind.form === 'notebook' ? 'notebook' : kind.language

const count = (session: Session, language: string, text: string): void => {
  let lines = text === '' ? 0 : 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1
  session.counts.lines += lines
  session.counts.bytes += text.length
  session.counts.scanned += 1
  const before = session.byLanguage[language] ?? { files: 0, lines: 0 }
  session.byLanguage[language] = { files: before.files + 1, lines: before.lines + lines }
}

/** Reports and manifests that an earlier run wrote name models and addresses, and call nothing. */
const ownReason = (kind: FileKind, text: string): string | null =>
  kind.kind === 'settings' &&
  kind.language === 'json' &&
  /^\s*\{\s*"schema":\s*1,\s*"(?:target|root|accepted|monthly_saving_usd|decision|summary)"/.test(text)
    ? 'written by drover'
    : null

const scan = (session: Session, path: string): void => {
  const kind = session.kinds.get(path)
  if (kind === undefined || kind.kind === 'skip') return
  const text = session.request.source.read(path)
  if (text === null) {
    session.failed.push({ path, reason: 'cannot be read as text' })
    return
  }
  const reason = kind.kind === 'code' && kind.form === 'plain' ? textReason(text) : ownReason(kind, text)
  if (reason !== null) {
    session.skipped.set(reason, [...(session.skipped.get(reason) ?? []), path])
    session.project.units.set(path, null)
    return
  }
  count(session, languageName(kind), text)
  const suppressions = fileSuppressions(text)
  if (suppressions.isWhole || suppressions.lines.size > 0) session.suppressions.set(path, suppressions)
  session.secrets.push(...detectSecrets({ path, text, bucket: isTestPath(path) ? 'test' : 'caller' }))
  if (!isRelevant(text)) return
  if (kind.kind === 'code') session.relevant.add(path)
  else
    for (const draft of detectSettings({ language: kind.language, lines: text.split('\n'), names: session.names }))
      session.drafts.push({ path, draft, language: kind.language })
}

/** Names that other files may import: those defined or bound at the top of files that matter. */
const stemsOf = (paths: Iterable<string>): ReadonlySet<string> => {
  const stems = new Set<string>()
  for (const path of paths) {
    const bare = path.replace(/\.[^./]+$/, '').replace(/\/(?:__init__|index|mod)$/, '')
    const stem = bare.slice(bare.lastIndexOf('/') + 1)
    if (stem.length >= 2) stems.add(stem)
  }
  return stems
}

const importing = /^\s*(?:import|from|export|const|let|var|use|using|require(?:_relative)?)\b.*$/gm

/** Files that import something that matters matter themselves: they may call a client that another file made. */
const widen = (session: Session): void => {
  let stems = stemsOf(session.relevant)
  const left = [...session.project.paths.keys()].filter((path) => !session.relevant.has(path))
  for (let round = 0; round < roundsMax && stems.size > 0 && left.length > 0; round += 1) {
    const added: string[] = []
    for (const path of left) {
      if (session.relevant.has(path)) continue
      const text = session.project.textOf(path)
      const isUser =
        text !== null &&
        [...text.matchAll(importing)].some(([line]) => (line.match(/[\w-]+/g) ?? []).some((word) => stems.has(word)))
      if (isUser) added.push(path)
    }
    for (const path of added) session.relevant.add(path)
    stems = round === 0 ? stemsOf(added) : new Set()
  }
}

const parseAll = (session: Session): void => {
  const paths = [...session.relevant]
  const tracer = makeTracer(session.project, sdks)
  for (const path of paths) tried(session, path, () => unitAt(session.project, path))
  for (const [index, path] of paths.entries()) {
    session.request.progress({ done: index, all: paths.length, step: 'follow' })
    const unit = tried(session, path, () => unitAt(session.project, path))
    const kind = session.kinds.get(path)
    if (unit === null || kind === undefined) continue
    session.counts.parsed += 1
    addCouplings(session, path, kind)
    for (const draft of tried(session, path, () => detectCode(unit, { tracer, names: session.names })) ?? [])
      session.drafts.push({ path, draft: placed(draft, session.lineMaps.get(path)), language: languageName(kind) })
  }
}

const placed = (draft: Draft, lines: readonly number[] | undefined): Draft =>
  lines === undefined
    ? draft
    : { ...draft, line: lines[draft.line - 1] ?? draft.line, endLine: lines[draft.endLine - 1] ?? draft.endLine }

/** Couplings of a file of code that calls an API, or lies beside what does. */
const addCouplings = (session: Session, path: string, kind: FileKind): void => {
  const text = session.project.textOf(path)
  if (text === null || kind.kind !== 'code') return
  const bucket = isTestPath(path) ? 'test' : 'caller'
  const lines = session.lineMaps.get(path)
  for (const found of detectCouplings(text, languages[kind.language], bucket === 'test')) {
    const line = lines?.[found.line - 1] ?? found.line
    const fingerprint = sha256(`${path} ${found.rule} ${found.about}`).slice(0, 16)
    session.couplings.push({ ...found, path, line, bucket, fingerprint })
  }
}

/** A file that is nested too deeply for the parser is told, and costs no other file. */
const tried = <T>(session: Session, path: string, go: () => T): T | null => {
  try {
    return go()
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    session.project.units.set(path, null)
    session.failed.push({ path, reason: 'nested too deeply to follow' })
    return null
  }
}

const siteOf = ({ path, draft: found, language }: Session['drafts'][number], request: AuditRequest): CallSite => {
  const { target, catalog, atMs } = request
  const draft = {
    ...found,
    baseUrl: found.baseUrl === null ? null : addressWithoutSecrets(found.baseUrl),
    model: found.model === null ? null : addressWithoutSecrets(found.model),
    parameters: parametersWithoutSecrets(found.parameters),
  }
  const bucket = isTestPath(path) ? 'test' : (draft.bucket ?? 'caller')
  const content = [
    draft.kind,
    draft.sdk,
    draft.baseUrl,
    draft.model,
    draft.auth,
    draft.symbol,
    JSON.stringify(draft.parameters),
  ].join(' ')
  const site: CallSite = {
    path,
    line: draft.line,
    end_line: draft.endLine,
    language,
    kind: draft.kind,
    sdk: draft.sdk,
    provider: draft.provider,
    endpoint: draft.endpoint,
    base_url: draft.baseUrl,
    model: draft.model,
    auth: draft.auth,
    parameters: draft.parameters,
    symbol: draft.symbol,
    bucket,
    fingerprint: sha256(`${path} ${content}`).slice(0, 16),
    effects: [],
  }
  if (target !== null) return { ...site, effects: effectsOf(site, target) }
  return catalog === null ? site : { ...site, effects: lifeOf(site, { catalog, atMs }) }
}

/** A file that names this many models keeps a list of them; it defines, and calls nothing. */
const listedModelsMin = 30
/** So few are a list already where nothing else is in a file of code. */
const loneModelsMin = 6

const isRegistry = (sites: readonly CallSite[]): boolean => {
  const models = sites.filter(({ kind }) => kind === 'model').length
  const isAlone = models === sites.length && sites.every(({ language }) => Object.hasOwn(languages, language))
  return models >= (isAlone ? loneModelsMin : listedModelsMin)
}

const asRegistries = (sites: readonly CallSite[]): readonly CallSite[] => {
  const files = new Map<string, CallSite[]>()
  for (const site of sites) {
    const own = files.get(site.path)
    if (own === undefined) files.set(site.path, [site])
    else own.push(site)
  }
  const registries = new Set([...files].filter(([, own]) => isRegistry(own)).map(([path]) => path))
  return sites.map((site) =>
    site.kind === 'model' && site.bucket === 'caller' && registries.has(site.path)
      ? { ...site, bucket: 'definer', effects: [] }
      : site,
  )
}

/** Two findings of one content in one file differ in their fingerprints by their order. */
const distinct = <T extends { readonly fingerprint: string }>(sites: readonly T[]): readonly T[] => {
  const counts = new Map<string, number>()
  return sites.map((site) => {
    const before = counts.get(site.fingerprint) ?? 0
    counts.set(site.fingerprint, before + 1)
    return before === 0 ? site : { ...site, fingerprint: sha256(`${site.fingerprint} ${before}`).slice(0, 16) }
  })
}

const kept = <T extends { readonly path: string; readonly line: number; readonly fingerprint: string }>(
  session: Session,
  found: readonly T[],
): readonly T[] =>
  found.filter((one) => {
    const suppressions = session.suppressions.get(one.path)
    if (suppressions !== undefined && isSuppressed(suppressions, one.line)) {
      session.counts.byComment += 1
      return false
    }
    if (!session.request.baseline.has(one.fingerprint)) return true
    session.counts.byBaseline += 1
    return false
  })

const coverageOf = (session: Session, seen: number): Coverage => ({
  files_seen: seen,
  files_scanned: session.counts.scanned,
  files_parsed: session.counts.parsed,
  files_failed: session.failed.length,
  failed: session.failed,
  files_skipped: [...session.skipped.values()].reduce((sum, list) => sum + list.length, 0),
  skipped: [...session.skipped]
    .map(([reason, list]) => ({ reason, files: list.length, examples: list.slice(0, examplesMax) }))
    .toSorted((one, other) => other.files - one.files),
  lines: session.counts.lines,
  bytes: session.counts.bytes,
  by_language: session.byLanguage,
  suppressed: { by_comment: session.counts.byComment, by_baseline: session.counts.byBaseline },
})

const packagesOf = (paths: readonly string[], source: FileSource): ReadonlyMap<string, string> => {
  const packages = new Map<string, string>()
  for (const path of paths.filter((one) => /(?:^|\/)package\.json$/.test(one))) {
    const name = /"name"\s*:\s*"([^"]+)"/.exec(source.read(path) ?? '')?.[1]
    if (name !== undefined) packages.set(name, path === 'package.json' ? '.' : path.slice(0, -'/package.json'.length))
  }
  return packages
}

const openSession = (request: AuditRequest, paths: readonly string[], skipped: Listing['skipped']): Session => {
  const kinds = new Map(paths.map((path) => [path, request.source.kind(path)]))
  const code = new Map<string, LanguageName>()
  for (const [path, kind] of kinds) if (kind.kind === 'code') code.set(path, kind.language)
  const lineMaps = new Map<string, readonly number[]>()
  const textOf = (path: string): string | null => {
    const kind = kinds.get(path)
    const raw = kind === undefined ? null : request.source.read(path)
    if (raw === null || kind?.kind !== 'code' || kind.form === 'plain') return raw
    if (kind.form === 'component') return componentText(raw)
    const { text, lines } = notebookText(raw)
    lineMaps.set(path, lines)
    return text
  }
  const project = makeProject({
    paths: code,
    packages: packagesOf(paths, request.source),
    textOf,
    properties: new Map(paths.filter(isPropertyFile).map((path) => [path, null])),
    settingsOf: request.source.read,
  })
  const counts: Counts = { scanned: 0, parsed: 0, lines: 0, bytes: 0, byComment: 0, byBaseline: 0 }
  return {
    request,
    names: modelNames(request.catalog),
    project,
    kinds,
    relevant: new Set(),
    suppressions: new Map(),
    lineMaps,
    skipped: new Map(skipped),
    failed: [],
    byLanguage: {},
    secrets: [],
    couplings: [],
    drafts: [],
    counts,
  }
}

/**
 * Audits what the source gives. Nothing is executed, written or sent. Memory grows with the files that call an API and those that import
 * them, not with the codebase.
 */
export const audit = (request: AuditRequest): AuditReport => {
  const listing = request.source.list()
  const paths = listing.files.map(({ path }) => path)
  const session = openSession(request, paths, listing.skipped)
  const seen = paths.length + [...listing.skipped.values()].reduce((sum, list) => sum + list.length, 0)
  for (const [index, path] of paths.entries()) {
    request.progress({ done: index, all: paths.length, step: 'read' })
    scan(session, path)
  }
  widen(session)
  parseAll(session)
  const order = (one: { path: string; line: number }, other: { path: string; line: number }): number =>
    one.path < other.path ? -1 : one.path > other.path ? 1 : one.line - other.line
  const sites = distinct(session.drafts.map((draft) => siteOf(draft, request)).toSorted(order))
  const callSites = kept(session, asRegistries(sites))
  const secrets = kept(session, session.secrets.toSorted(order))
  const couplings = kept(session, distinct(session.couplings.toSorted(order)))
  return {
    schema: 1,
    root: request.source.root,
    target:
      request.target === null
        ? null
        : { model: request.target.model.id, name: request.target.model.name, provider: request.target.model.vendor },
    call_sites: callSites,
    secrets,
    couplings,
    coverage: coverageOf(session, seen),
    usage: request.usage === undefined ? null : joinUsage(callSites, request.usage),
  }
}
