/** The rules of .gitignore files (https://git-scm.com/docs/gitignore, read 2026-11-22). */

export type IgnoreRule = {
  /** The folder of the file that has the rule, '' = the root. */
  readonly base: string
  readonly form: RegExp
  readonly isNegated: boolean
  readonly isFolderOnly: boolean
}

const rulesMax = 5000

const escaped = (text: string): string => text.replace(/[.+^${}()|\\]/g, '\\$&')

const formOf = (pattern: string): RegExp => {
  const isAnchored = (pattern.includes('/') && pattern.indexOf('/') < pattern.length - 1) || pattern.startsWith('/')
  const bare = pattern.replace(/^\//, '').replace(/\/$/, '')
  let form = ''
  for (let at = 0; at < bare.length; at += 1) {
    if (bare.startsWith('**/', at)) {
      form += '(?:.*/)?'
      at += 2
    } else if (bare.startsWith('/**', at) && at + 3 === bare.length) {
      form += '/.*'
      at += 2
    } else if (bare[at] === '*') form += '[^/]*'
    else if (bare[at] === '?') form += '[^/]'
    else if (bare[at] === '[') {
      const end = bare.indexOf(']', at + 1)
      if (end === -1) form += '\\['
      else {
        form += `[${bare
          .slice(at + 1, end)
          .replace(/^!/, '^')
          .replaceAll('\\', '\\\\')}]`
        at = end
      }
    } else form += escaped(bare.charAt(at))
  }
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${form}$`)
}

/** The rules of one file. A line that makes no pattern is left out. */
export const ignoreRules = (text: string, base: string): readonly IgnoreRule[] =>
  text
    .split(/\r?\n/, rulesMax)
    .map((line) => line.replace(/(?<!\\)\s+$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const isNegated = line.startsWith('!')
      const pattern = line.replace(/^!/, '').replace(/^\\(?=[#!])/, '')
      try {
        return [{ base, form: formOf(pattern), isNegated, isFolderOnly: pattern.endsWith('/') }]
      } catch (thrown) {
        // A class of characters that no expression can have, such as `[z-a]`: git matches nothing by it either.
        if (thrown instanceof SyntaxError) return []
        throw thrown
      }
    })

/** Whether the last rule that matches ignores the path, relative to the root. */
export const isIgnored = (rules: readonly IgnoreRule[], path: string, isFolder: boolean): boolean => {
  for (const rule of rules.toReversed()) {
    if (rule.isFolderOnly && !isFolder) continue
    if (rule.base !== '' && !path.startsWith(`${rule.base}/`)) continue
    const inner = rule.base === '' ? path : path.slice(rule.base.length + 1)
    if (rule.form.test(inner)) return !rule.isNegated
  }
  return false
}
