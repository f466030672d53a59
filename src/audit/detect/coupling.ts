/** Finds what code takes for granted of a vendor beyond its calls. Works on lines without their comments, in every language alike. */

import type { Coupling } from '#audit/finding.ts'
import type { CouplingRule } from '#audit/rule/coupling-rule.ts'
import { couplingRules } from '#audit/rule/coupling-rule.ts'
import type { Language } from '#audit/syntax/language.ts'
import { lex } from '#audit/syntax/lex.ts'

/** Longer lines are generated. */
const lineCharactersMax = 2_000

/** The text with everything that is no token blanked out: comments, and nothing else that matters. */
const withoutComments = (source: string, language: Language): string => {
  const parts: string[] = []
  let at = 0
  for (const { kind, start, end, newLine } of lex(source, language)) {
    // A text that stands alone at the beginning of a line is a docstring.
    if (start < at || (kind === 'text' && newLine && source.startsWith('"""', start))) continue
    parts.push(source.slice(at, start).replace(/[^\n]/g, ' '), source.slice(start, end))
    at = end
  }
  return parts.join('')
}

export type CouplingDraft = Omit<Coupling, 'path' | 'bucket' | 'fingerprint'>

/** What catches a missing choice stands behind it. */
const catching = /except\b.*(?:Index|Key|Lookup|Attribute)Error|except:|\brescue\b|\bcatch\b/
const catchLines = 2

const isGuarded = ({ unless, unlessLines = 0 }: CouplingRule, lines: readonly string[], index: number): boolean =>
  unless !== undefined &&
  (lines.slice(Math.max(0, index - unlessLines), index + 1).some((line) => unless.test(line)) ||
    lines.slice(index + 1, index + 1 + catchLines).some((line) => catching.test(line)))

type Reading = { readonly lines: readonly string[]; readonly text: string; readonly isTest: boolean }

const ofRule = (rule: CouplingRule, { lines, text, isTest }: Reading): readonly CouplingDraft[] => {
  if ((rule.isTest ?? false) !== isTest || !rule.form.test(text)) return []
  if (rule.within !== undefined && !rule.within.test(text)) return []
  return lines.flatMap((line, index) => {
    const match = line.length > lineCharactersMax ? null : rule.form.exec(line)
    if (match === null || isGuarded(rule, lines, index)) return []
    const { rule: name, group, level, message, mend } = rule
    return [{ line: index + 1, rule: name, group, level, about: (match[1] ?? match[0]).trim(), message, mend }]
  })
}

/** The couplings of one file, in order of their lines; one of a rule a line. */
export const detectCouplings = (source: string, language: Language, isTest: boolean): readonly CouplingDraft[] => {
  const text = withoutComments(source, language)
  const reading = { lines: text.split('\n'), text, isTest }
  return couplingRules.flatMap((rule) => ofRule(rule, reading)).toSorted((one, other) => one.line - other.line)
}
