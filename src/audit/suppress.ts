/** Suppression by comment: `drover-audit-ignore` on the line, or on the line before; `drover-audit-ignore-file` near the top. */

const fileLinesMax = 20

export type Suppressions = { readonly isWhole: boolean; readonly lines: ReadonlySet<number> }

/** What the comments of a file suppress. */
export const fileSuppressions = (text: string): Suppressions => {
  const lines = new Set<number>()
  if (!text.includes('drover-audit-ignore')) return { isWhole: false, lines }
  const all = text.split('\n')
  for (const [index, line] of all.entries()) {
    if (!/drover-audit-ignore(?!-file)/.test(line)) continue
    lines.add(index + 1)
    // On a line of its own it is about the next one.
    if (/^\s*(?:#|\/\/|\/\*|<!--|;|--|"\s*drover)/.test(line)) lines.add(index + 2)
  }
  const isWhole = all.slice(0, fileLinesMax).some((line) => line.includes('drover-audit-ignore-file'))
  return { isWhole, lines }
}

export const isSuppressed = (suppressions: Suppressions, line: number): boolean =>
  suppressions.isWhole || suppressions.lines.has(line)
