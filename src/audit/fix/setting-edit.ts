/** Edits of settings: the way that is preferred, since going back is one flip. */

import type { CallSite } from '#audit/finding.ts'
import { relayAddress } from './address.ts'
import type { Wanted } from './code-edit.ts'
import { isForeignChatModel } from './code-edit.ts'
import type { Edit } from './edit.ts'

/** Variables by which SDKs take another address without a change of code, and the keys beside which they are set. */
const variables: readonly {
  readonly sdks: RegExp
  readonly key: string
  readonly address: string
  readonly isOrigin: boolean
}[] = [
  {
    sdks: /^(?:openai|instructor|langchain|async-openai)$/,
    key: 'OPENAI_API_KEY',
    address: 'OPENAI_BASE_URL',
    isOrigin: false,
  },
  { sdks: /^anthropic$/, key: 'ANTHROPIC_API_KEY', address: 'ANTHROPIC_BASE_URL', isOrigin: true },
]

/** `from` and `to`: where in the line. */
type Found = { readonly from: number; readonly to: number; readonly text: string; readonly why: string }

const replaced = (
  line: string,
  { from, to, why }: { readonly from: string; readonly to: string; readonly why: string },
): Found | null => {
  const at = line.indexOf(from)
  return at === -1 ? null : { from: at, to: at + from.length, text: to, why }
}

/** `OPENAI_BASE_URL` behind `OPENAI_API_KEY`, when clients of that SDK take their address from nowhere else. */
const addedVariable = (
  line: string,
  { text, sites, relay }: { readonly text: string; readonly sites: readonly CallSite[]; readonly relay: string },
): string | null => {
  const match = /^(\s*(?:export\s+)?)([A-Z_]+)=/.exec(line)
  const variable = variables.find(({ key }) => key === match?.[2])
  if (variable === undefined || new RegExp(`^\\s*(?:export\\s+)?${variable.address}=`, 'm').test(text)) return null
  const isNeeded = sites.some(
    ({ kind, sdk, base_url: base, bucket }) =>
      kind === 'client' && bucket !== 'test' && base === null && sdk !== null && variable.sdks.test(sdk),
  )
  if (!isNeeded) return null
  return `${match?.[1] ?? ''}${variable.address}=${variable.isOrigin ? relay.replace(/\/v1\/?$/, '') : relay}`
}

export type SettingsText = {
  readonly path: string
  readonly text: string
  readonly isEnvironment: boolean
  readonly sites: readonly CallSite[]
}

/** What one finding on a line asks for. */
const siteEdit = (site: CallSite, line: string, wanted: Wanted): Found | null => {
  const address = site.base_url === null ? null : relayAddress(site.base_url, wanted.relay)
  if ((site.kind === 'base-url' || site.kind === 'raw-http') && address !== null)
    return replaced(line, {
      from: site.base_url ?? '',
      to: address,
      why: `the relay answers instead of ${site.base_url}`,
    })
  if (site.kind !== 'model' || site.model === null || !isForeignChatModel(site.model, wanted)) return null
  if (wanted.stays?.(site.model, site.line) === true) return null
  return replaced(line, {
    from: site.model,
    to: wanted.model ?? site.model,
    why: `the target is called ${wanted.model}, not ${site.model}`,
  })
}

/** The edits of a file of settings, in order. `sites` are those of the whole codebase. */
export const settingEdits = ({ path, text, isEnvironment, sites }: SettingsText, wanted: Wanted): readonly Edit[] => {
  const own = sites.filter((site) => site.path === path)
  const edits: Edit[] = []
  let offset = 0
  for (const [index, line] of text.split('\n').entries()) {
    const number = index + 1
    const found = own.filter((site) => site.line === number).flatMap((site) => siteEdit(site, line, wanted) ?? [])
    for (const { from, to, text: put, why } of found)
      edits.push({ start: offset + from, end: offset + to, text: put, line: number, weight: 'blocks', why })
    if (found.length === 0 && isEnvironment) {
      const added = addedVariable(line, { text, sites, relay: wanted.relay })
      if (added !== null)
        edits.push({
          start: offset + line.length,
          end: offset + line.length,
          text: `\n${added}`,
          line: number + 1,
          weight: 'blocks',
          why: 'the SDK takes its address from this variable, and no code changes',
        })
    }
    offset += line.length + 1
  }
  return edits.toSorted((one, other) => one.start - other.start)
}
