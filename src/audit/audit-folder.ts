/** Audits a folder or a file of this machine, with the catalog that is shipped. */

import { existsSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { Problem } from '#base/problem.ts'
import { loadCatalog } from '#catalog/load.ts'
import type { Catalog } from '#catalog/model.ts'
import type { Progress } from './audit.ts'
import { audit } from './audit.ts'
import type { AuditReport } from './finding.ts'
import type { Plan } from './fix/plan.ts'
import { planFixes } from './fix/plan.ts'
import type { Target } from './target/target.ts'
import { findTarget } from './target/target.ts'
import type { UsageGiven } from './usage/join.ts'
import type { FileSource } from './walk/file-source.ts'
import { folderSource } from './walk/folder.ts'

export type FolderRequest = {
  /** Absolute. */
  readonly path: string
  /** As the person wrote it, for the report. */
  readonly shown: string
  readonly catalogFolder: URL
  /** A model of the catalog, or `vendor/model`; `null` = none. */
  readonly target: string | null
  readonly atMs: number
  readonly baseline: ReadonlySet<string>
  readonly progress: (progress: Progress) => void
  readonly usage?: UsageGiven | undefined
}

/** One file: whatever its place, it is read. */
const fileSource = (path: string): FileSource => {
  const folder = folderSource(dirname(path))
  const name = basename(path)
  const kind = folder.kind(name)
  const skipped = new Map(kind.kind === 'skip' ? [[kind.reason, [name]]] : [])
  return {
    ...folder,
    list: () => ({ files: kind.kind === 'skip' ? [] : [{ path: name, bytes: statSync(path).size }], skipped }),
  }
}

export type FolderAudit = {
  readonly report: AuditReport
  /** Plans the change to a relay, whose address ends with `/v1`. Writes nothing. */
  readonly plan: (relay: string) => Plan
}

const targetOf = (catalog: Catalog, { target: asked, atMs }: FolderRequest): Target | null => {
  if (asked === null) return null
  const answer = findTarget(catalog, asked, atMs)
  if (answer.ok) return answer.target
  const near = answer.nearest.length === 0 ? '' : ` The nearest are ${answer.nearest.join(', ')}.`
  throw new Problem('model_not_found', { message: `The catalog knows no living model '${asked}'.${near}` })
}

/**
 * Audits what lies at the path. Nothing is executed, written or sent.
 * @throws Problem `not_found` when there is nothing there, `model_not_found` when the target is not in the catalog.
 */
export const auditFolder = async (request: FolderRequest): Promise<FolderAudit> => {
  const { path, shown, atMs, baseline, progress, usage } = request
  if (!existsSync(path)) throw new Problem('not_found', { message: `There is nothing at ${shown}.` })
  const catalog = await loadCatalog(request.catalogFolder)
  const target = targetOf(catalog, request)
  const source = { ...(statSync(path).isDirectory() ? folderSource(path) : fileSource(path)), root: shown }
  const report = audit({ source, catalog, target, atMs, baseline, progress, usage })
  return { report, plan: (relay) => planFixes({ source, report, catalog, relay, model: request.target }) }
}
