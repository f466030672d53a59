/** Commands that pages tell people to type, held against the commands that there are. */

import type { Command } from 'commander'

/** `drover …` of each block of shell in a page, without comments and what comes after a pipe. */
export const commandLines = (page: string): readonly string[] =>
  [...page.matchAll(/```(?:sh|bash)\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => /(?:^|\| )(?:npx |bin\/)?(drover .*)$/.exec(line.trim())?.[1] ?? '')
    .map((line) => line.replace(/\s+#.*$/, '').replace(/ (?:[|>]|&&|2>).*$/, ''))
    .filter((line) => line !== '')

/** An ellipsis stands for what was said before. A quotation that a pipe within it cut short ends with the line. */
const words = (line: string): readonly string[] =>
  (line.match(/"[^"]*(?:"|$)|'[^']*(?:'|$)|\S+/g) ?? []).slice(1).filter((word) => word !== '…')

const leafOf = (
  tree: Command,
  given: readonly string[],
): { readonly command: Command; readonly rest: readonly string[] } => {
  let command = tree
  let at = 0
  for (; at < given.length; at += 1) {
    const next = command.commands.find((one) => one.name() === given[at] || one.aliases().includes(given[at] ?? ''))
    if (next === undefined) break
    command = next
  }
  const isGroup = command.commands.length > 0
  const list = isGroup ? command.commands.find((one) => one.name() === 'list') : undefined
  return { command: list ?? command, rest: given.slice(at) }
}

/** What is wrong with such a line; `null` = it would be taken. */
export const faultOf = (line: string, tree: Command): string | null => {
  const { command, rest } = leafOf(tree, words(line))
  const given = new Set<string>()
  let positional = 0
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? ''
    const name = word.split('=')[0]
    if (!word.startsWith('--')) {
      positional += 1
      continue
    }
    const option = command.options.find(({ long }) => long === name)
    if (option === undefined && word !== '--help') return `${word} is no flag of it`
    given.add(name ?? '')
    if (option !== undefined && (option.required || option.optional) && !word.includes('=')) at += 1
  }
  const missing = command.options.find(({ mandatory, long }) => mandatory && !given.has(long ?? ''))
  if (missing !== undefined) return `${missing.long} is missing`
  const wanted = command.registeredArguments
  if (positional < wanted.filter(({ required }) => required).length) return 'an argument is missing'
  return positional > wanted.length && !wanted.some(({ variadic }) => variadic) ? 'an argument too many' : null
}
