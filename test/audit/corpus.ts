/** Reads the labelled corpus: archives of files whose lines end with labels, `«kind name=value»`, which are cut off before the audit. */

import { readdirSync, readFileSync } from 'node:fs'
import type { AuditReport, CallSite } from '#audit/finding.ts'

export type Label = {
  readonly path: string
  readonly line: number
  readonly kind: string
  readonly facts: Readonly<Record<string, string>>
}

export type Corpus = {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly labels: readonly Label[]
}

const labelForm = /\s*«([\w-]+)((?:\s+[\w-]+=[^\s»]+)*)»/g

/** Archives begin each file with a line `-- path --`. */
export const readCorpus = (folder: URL): readonly Corpus[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => parseArchive(name.replace('.txt', ''), readFileSync(new URL(name, folder), 'utf8')))

const parseArchive = (name: string, text: string): Corpus => {
  const files: Record<string, string> = {}
  const labels: Label[] = []
  for (const part of text.split(/^-- (?=\S+ --$)/m).slice(1)) {
    const [head = '', ...lines] = part.split('\n')
    const path = head.replace(/ --$/, '')
    const plain = lines.map((line, index) => {
      for (const [, kind = '', facts = ''] of line.matchAll(labelForm)) {
        const pairs = facts
          .trim()
          .split(/\s+/)
          .filter((pair) => pair !== '')
        labels.push({
          path,
          line: index + 1,
          kind,
          facts: Object.fromEntries(
            pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
          ),
        })
      }
      return line.replace(labelForm, '').replace(/\s+$/, '')
    })
    files[path] = plain.join('\n')
  }
  return { name, files, labels }
}

export type Score = { found: number; missed: number; extra: number }

export type Judged = {
  /** By language and by kind, `python/call`. */
  readonly scores: ReadonlyMap<string, Score>
  readonly missed: readonly Label[]
  readonly extra: readonly CallSite[]
  /** Facts of found sites that differ from what the label says. */
  readonly wrong: readonly string[]
  readonly facts: number
}

const factOf = (site: CallSite, name: string): string => {
  const own: Readonly<Record<string, string | null>> = {
    sdk: site.sdk,
    model: site.model,
    base_url: site.base_url,
    provider: site.provider,
    auth: site.auth,
    endpoint: site.endpoint,
  }
  const value = Object.hasOwn(own, name) ? own[name] : site.parameters[name]
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

/** Holds a report against the labels: a site counts as found at its very line, with its kind. */
export const judge = (corpus: Corpus, report: AuditReport): Judged => {
  const scores = new Map<string, Score>()
  const score = (key: string): Score => {
    const known = scores.get(key) ?? { found: 0, missed: 0, extra: 0 }
    scores.set(key, known)
    return known
  }
  const left = [...report.call_sites]
  const missed: Label[] = []
  const wrong: string[] = []
  let facts = 0
  for (const label of corpus.labels) {
    const at = left.findIndex(
      (site) => site.path === label.path && site.line === label.line && site.kind === label.kind,
    )
    const site = left[at]
    if (site === undefined) {
      missed.push(label)
      score(`${corpus.name}/${label.kind}`).missed += 1
      continue
    }
    left.splice(at, 1)
    score(`${corpus.name}/${label.kind}`).found += 1
    for (const [name, value] of Object.entries(label.facts)) {
      facts += 1
      if (factOf(site, name) !== value)
        wrong.push(`${label.path}:${label.line} ${label.kind} ${name}: ${factOf(site, name)}, not ${value}`)
    }
  }
  for (const site of left) score(`${corpus.name}/${site.kind}`).extra += 1
  return { scores, missed, extra: left, wrong, facts }
}
