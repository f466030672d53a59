/** The published table of clients: what the run found, and nothing else. */

import { drivers } from './client/index.ts'
import { features } from './driver.ts'
import type { Client, Played, Verdict } from './play.ts'
import { pythonClients } from './python.ts'
import type { Behind } from './stage.ts'
import { behind, behindTitles } from './stage.ts'

/** Every client, in the order of the table. */
export const clients: readonly Client[] = [...drivers, ...pythonClients]

const versions = (packages: Readonly<Record<string, string>>, names: readonly string[]): string =>
  names.map((name) => `\`${name}\` ${packages[name] ?? '?'}`).join(', ')

const fieldsOf = (warnings: readonly string[]): string => {
  const fields = [...new Set(warnings.map((warning) => warning.slice(0, Math.max(0, warning.indexOf(':')))))]
  return fields.map((field) => `\`${field}\``).join(', ')
}

const cellText = (verdict: Verdict | undefined): string => {
  switch (verdict?.kind) {
    case undefined:
      return 'not played'
    case 'works': {
      const note = verdict.note === null ? '' : `: ${verdict.note}`
      return `works${note}${verdict.warnings.length === 0 ? '' : ` (warns of ${fieldsOf(verdict.warnings)})`}`
    }
    case 'warned':
      return `**warned** (${fieldsOf(verdict.warnings)}): ${verdict.lost}`
    case 'nature':
      return `by nature: ${verdict.why}`
    case 'failed':
      return '**FAILED**'
  }
}

type Found = (client: Client, to: Behind, feature: string) => Verdict | undefined

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const tableOf = (client: Client, found: Found): readonly string[] => [
  `### ${client.title}`,
  '',
  row(['', ...behind.map((to) => behindTitles[to])]),
  row(['---', ...behind.map(() => '---')]),
  ...features.map((feature) => {
    const cells = behind.map((to) => cellText(found(client, to, feature)))
    return row([feature, ...cells])
  }),
  '',
]

const counted = (client: Client, to: Behind, found: Found): string => {
  const verdicts = features.map((feature) => found(client, to, feature)?.kind)
  const count = (kind: Verdict['kind']): number => verdicts.filter((one) => one === kind).length
  const parts = [`${count('works')} work`]
  if (count('warned') > 0) parts.push(`${count('warned')} warned`)
  if (count('nature') > 0) parts.push(`${count('nature')} by nature`)
  return parts.join(', ')
}

export type Page = {
  readonly played: readonly Played[]
  readonly packages: Readonly<Record<string, string>>
  readonly pythonPackages: Readonly<Record<string, string>>
}

const scripts = [
  'openai',
  '@anthropic-ai/sdk',
  '@google/genai',
  'ai',
  '@ai-sdk/openai',
  '@ai-sdk/anthropic',
  '@ai-sdk/google',
  '@ai-sdk/openai-compatible',
  '@langchain/openai',
  '@langchain/anthropic',
  '@openai/agents',
]
const pythons = ['openai', 'anthropic', 'google-genai']

const intro = ({ packages, pythonPackages }: Page): readonly string[] => [
  '# Clients',
  '',
  'Written by `npm run test:clients`, which drives every client below against a running relay with a provider of each format behind it; the test fails',
  'where this page says something else than the run found. Of what is lost nothing is lost silently: **warned** means that `x-drover-warnings` names the',
  'field (and `x-drover-strict: true` refuses the call), *by nature* that the client itself cannot say or read it, whoever answers.',
  '',
  `JavaScript: ${versions(packages, scripts)}. Python: ${versions(pythonPackages, pythons)}.`,
  '',
  'What each row holds:',
  '',
  '- **text**, **stream**: byte for byte, in three scripts, with emoji of several letters; a stream comes in pieces.',
  '- **tool**, **parallel tools**: names, ids, arguments that come in turns, results under their own ids, in the second turn.',
  '- **thinking over turns**: the thought is told, and comes back to the provider with its signature (or as text, where the provider has none) after a call of a tool.',
  '- **usage**: input with what came from a cache, output with what was thought, whole and streaming.',
  "- **errors**: 400, 401, 402, 404, 429, 502 and 503 as the client's own class; repeated where that helps, and not where it does not.",
  '- **cancel**: a caller who leaves in the middle ends the call at the provider.',
  '- **broken answers**: cut between any two events and inside a letter, an error in the middle, an error under 200, no end marker, half a document: the client raises, and never gives an answer as whole.',
  '',
  'How each is pointed at Drover: [../connect.md](../connect.md). What becomes of every field: [translation.md](translation.md).',
  '',
]

/** The page as it must stand in git. */
export const clientsPage = (page: Page): string => {
  const byCell = new Map(page.played.map((one) => [`${one.client.name} ${one.to} ${one.feature}`, one.verdict]))
  const found: Found = (client, to, feature) => byCell.get(`${client.name} ${to} ${feature}`)
  return [
    ...intro(page),
    '## At a glance',
    '',
    row(['client', ...behind.map((to) => behindTitles[to])]),
    row(['---', ...behind.map(() => '---')]),
    ...clients.map((client) => row([client.title, ...behind.map((to) => counted(client, to, found))])),
    '',
    '## Each client',
    '',
    ...clients.flatMap((client) => tableOf(client, found)),
  ]
    .join('\n')
    .replace(/\n+$/, '\n')
}
