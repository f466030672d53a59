/** Changes of one file: what is put in place of what, and why. */

export type Edit = {
  /** Offsets in the file as it was read. */
  readonly start: number
  readonly end: number
  readonly text: string
  /** From 1. */
  readonly line: number
  /** Without it the call fails on the target; or it merely answers otherwise. */
  readonly weight: 'blocks' | 'tune'
  readonly why: string
}

/** The text with all edits made. They do not overlap. */
export const applyEdits = (text: string, edits: readonly Edit[]): string => {
  let edited = text
  for (const { start, end, text: instead } of edits.toSorted((one, other) => other.start - one.start))
    edited = edited.slice(0, start) + instead + edited.slice(end)
  return edited
}

const contextLines = 3

type Hunk = { readonly from: number; readonly to: number }

/** The lines in which two texts differ, when lines were only changed or added in place. */
const changes = (
  before: readonly string[],
  after: readonly string[],
): readonly { readonly before: number; readonly after: number; readonly kind: 'same' | 'changed' | 'added' }[] => {
  const rows: { before: number; after: number; kind: 'same' | 'changed' | 'added' }[] = []
  const added = after.length - before.length
  let offset = 0
  for (let at = 0; at < before.length; at += 1) {
    const isSame = before[at] === after[at + offset]
    rows.push({ before: at, after: at + offset, kind: isSame ? 'same' : 'changed' })
    // A line was put behind this one: the next line of before is found one later.
    while (offset < added && before[at + 1] !== after[at + offset + 1] && before[at + 1] === after[at + offset + 2]) {
      offset += 1
      rows.push({ before: at, after: at + offset, kind: 'added' })
    }
  }
  return rows
}

const hunksOf = (kinds: readonly string[]): readonly Hunk[] => {
  const hunks: { from: number; to: number }[] = []
  for (const [index, kind] of kinds.entries()) {
    if (kind === 'same') continue
    const last = hunks.at(-1)
    if (last !== undefined && index - last.to <= contextLines * 2) last.to = index
    else hunks.push({ from: index, to: index })
  }
  return hunks.map(({ from, to }) => ({
    from: Math.max(0, from - contextLines),
    to: Math.min(kinds.length - 1, to + contextLines),
  }))
}

/** A unified diff that `git apply` and `patch -p1` take; empty when nothing differs. */
export const unifiedDiff = (path: string, before: string, after: string): string => {
  if (before === after) return ''
  const old = before.split('\n')
  const fresh = after.split('\n')
  const rows = changes(old, fresh)
  const lines = [`--- a/${path}`, `+++ b/${path}`]
  for (const { from, to } of hunksOf(rows.map(({ kind }) => kind))) {
    const part = rows
      .slice(from, to + 1)
      .filter(({ kind, before: at }) => !(kind === 'same' && at === old.length - 1 && old[at] === ''))
    const removed = part.filter(({ kind }) => kind !== 'added')
    const [first] = part
    if (first === undefined) continue
    lines.push(`@@ -${first.before + 1},${removed.length} +${first.after + 1},${part.length} @@`)
    let pending: string[] = []
    for (const row of part) {
      if (row.kind !== 'changed' && pending.length > 0) {
        lines.push(...pending)
        pending = []
      }
      if (row.kind === 'same') lines.push(` ${old[row.before] ?? ''}`)
      else if (row.kind === 'added') lines.push(`+${fresh[row.after] ?? ''}`)
      else {
        lines.push(`-${old[row.before] ?? ''}`)
        pending.push(`+${fresh[row.after] ?? ''}`)
      }
    }
    lines.push(...pending)
  }
  return `${lines.join('\n')}\n`
}
