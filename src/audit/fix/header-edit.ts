/** Takes out headers that belonged to the old vendor: a second credential is refused by the relay, an organisation's name means nothing to it. */

import type { Unit } from '#audit/trace/scope.ts'
import type { Edit } from './edit.ts'

/** Names of organisations and projects, and credentials of gateways in between. */
const foreign =
  'OpenAI-Organization|OpenAI-Project|Helicone-Auth|Portkey-Api-Key|x-portkey-api-key|cf-aig-authorization|X-Organization'

/** What may stand as a value and leave nothing unused behind: a text, a variable of the environment, a member. */
const value =
  '(?:"[^"\\n]*"|\'[^\'\\n]*\'|`[^`\\n]*`|(?:os\\.environ|process\\.env|ENV|\\$_ENV)\\[[^\\]\\n]*\\]|(?:os\\.getenv|os\\.Getenv|getenv|env|System\\.getenv|ENV\\.fetch|os\\.environ\\.get)\\([^()\\n]*\\)|[\\w$@]+(?:(?:\\.|->|::)[\\w$]+)+)'

/** `"OpenAI-Organization": org,` and `"…" => org,` in a record. */
const entry = new RegExp(`["'](${foreign})["']\\s*(?::|=>)\\s*${value}\\s*,?`, 'gi')
/** `req.Header.Set("OpenAI-Organization", "org")` as a whole line. */
const setter = new RegExp(
  `^[ \\t]*[\\w.]+\\.(?:Header\\.(?:Set|Add)|setRequestProperty|addHeader|Headers\\.Add|DefaultRequestHeaders\\.Add)\\(\\s*"(${foreign})"\\s*,\\s*${value}\\s*\\);?[ \\t]*$`,
  'gim',
)

const lineOf = (source: string, offset: number): number => source.slice(0, offset).split('\n').length

/** The stretch to cut: the whole line where nothing else is on it, else the blank behind as well. */
const cut = (source: string, start: number, end: number): Pick<Edit, 'start' | 'end'> => {
  const before = source.slice(source.lastIndexOf('\n', start - 1) + 1, start)
  const rest = /^[ \t]*(?:\r?\n|$)/.exec(source.slice(end))
  if (/^[ \t]*$/.test(before) && rest !== null) return { start: start - before.length, end: end + rest[0].length }
  const blank = /^[ \t]+/.exec(source.slice(end))?.[0].length ?? 0
  return { start, end: end + blank }
}

/** The removals in a file of code, in order. Comments and texts are left alone. */
export const headerEdits = ({ source, texts }: Unit): readonly Edit[] => {
  const isCode = (at: number): boolean => texts.some(({ node }) => node.start === at || node.start + 1 === at)
  return [...source.matchAll(entry), ...source.matchAll(setter)]
    .filter((match) => isCode(match.index + match[0].search(/["']/)))
    .map((match) => ({
      ...cut(source, match.index, match.index + match[0].length),
      text: '',
      line: lineOf(source, match.index),
      weight: 'tune' as const,
      why: `${match[1]} belongs to the old vendor`,
    }))
}
