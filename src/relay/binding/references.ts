/** A call that names files goes to the provider that keeps them, and names none that another account has put there. */

import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { Grant } from '#relay/admit.ts'
import { holderOf } from '#relay/holder.ts'
import type { RelayPorts } from '#relay/journey.ts'
import type { Snapshot, Upstream } from '#relay/snapshot.ts'
import { keeperWith } from './keeper.ts'

const filesMax = 64
const depthMax = 64

/** In a body that is not read yet: an escape may hide a letter. */
const marks = ['"file_id', '"ms://', '"fileUri"', '"file_uri"', 'generativelanguage.googleapis.com', '\\u00']

const mayName = (names: string): boolean => marks.some((mark) => names.includes(mark))

/** What programs write for themselves, and what models cited: no provider opens a file by it. */
const unread: ReadonlySet<string> = new Set([
  'parameters',
  'input_schema',
  'schema',
  'metadata',
  'arguments',
  'args',
  'annotations',
  'results',
])

const isOwnInput = (key: string, { type }: Readonly<Record<string, unknown>>): boolean =>
  key === 'input' && typeof type === 'string' && type.endsWith('tool_use')

/** What a provider's own tool put out in an earlier turn, told again with the history: Claude's `bash_code_execution_output` and its like. */
const isToldAgain = ({ type }: Readonly<Record<string, unknown>>): boolean =>
  typeof type === 'string' && /^(?:\w+_)?code_execution_output$/.test(type)

/** Kimi opens pictures and films by `ms://ID` (https://platform.moonshot.cn/docs/api/files, read 2026-11-29). */
const moonshotForm = /^ms:\/\/(?:file\/)?([\w-]+)$/
/** Gemini opens what its file store has by the address that it gave for it (https://ai.google.dev/gemini-api/docs/files, read 2026-12-01). */
const geminiForm = /^https?:\/\/generativelanguage\.googleapis\.com(?::\d+)?\/(?:\w+\/)*files\/([\w-]+)(?:[:?#]\S*)?$/i
/** The end of that address, where nothing but a file is named. */
const geminiName = /^files\/([\w-]+)$/

/** Members that hold what is said: an address in them is opened by nobody. */
const words: ReadonlySet<string> = new Set(['text', 'content', 'input', 'instructions'])

const idsAt = (key: string, value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((one) => (typeof one === 'string' ? idsAt(key, one) : []))
  if (typeof value !== 'string') return []
  if (key === 'file_id' || key === 'file_ids') return [value]
  const name = key === 'fileUri' || key === 'file_uri' ? geminiName.exec(value) : null
  const id = (name ?? moonshotForm.exec(value) ?? geminiForm.exec(value))?.[1]
  return id === undefined || words.has(key) ? [] : [id]
}

const collect = (value: unknown, ids: Set<string>, depth: number): void => {
  if (depth > depthMax) return
  if (Array.isArray(value)) for (const one of value) collect(one, ids, depth + 1)
  if (!isObject(value) || isToldAgain(value)) return
  for (const [key, inner] of Object.entries(value)) {
    if (unread.has(key) || isOwnInput(key, value)) continue
    for (const id of idsAt(key, inner)) ids.add(id)
    collect(inner, ids, depth + 1)
  }
}

/** The ids of the files that a call names. */
export const filesNamedBy = (call: Call): readonly string[] => {
  if (call.payload.kind !== 'json' || !mayName(call.payload.top.names())) return []
  const ids = new Set<string>()
  collect(call.body(), ids, 0)
  return [...ids]
}

/** Where the files of a call are; `credential` = digest of the key that they were given with. */
export type FilePlace = {
  readonly provider: string
  readonly credential: string | null
  readonly files: readonly string[]
}

type Question = { readonly call: Call; readonly key: KeyFacts; readonly nowMs: number }

/**
 * `null` = the call names no files.
 * @throws Problem `not_found` for a file that its account has not, `invalid_request_error` for files of several providers.
 */
export const filePlaceOf = async (
  { bindings }: Pick<RelayPorts, 'bindings'>,
  { call, key, nowMs }: Question,
): Promise<FilePlace | null> => {
  const ids = filesNamedBy(call)
  if (ids.length === 0) return null
  if (ids.length > filesMax)
    throw new Problem('invalid_request_error', {
      message: `The request names more than ${filesMax} files.`,
      param: 'file_id',
    })
  const holder = holderOf(key)
  const rows = await Promise.all(ids.map((id) => bindings.binding({ id, holder, nowMs })))
  const missing = ids.find((_id, index) => rows[index]?.kind !== 'file' || rows[index]?.state === 'hidden')
  const [first] = rows
  if (missing !== undefined || first === undefined || first === null)
    throw new Problem('not_found', {
      message: `No such File: '${(missing ?? '').slice(0, 100)}'. Your account has none under this id: files are used by whoever uploaded them through this relay.`,
      param: 'file_id',
    })
  const others = [...new Set(rows.map((row) => row?.provider))]
  if (others.length > 1)
    throw new Problem('invalid_request_error', {
      message: `The request names files of several providers (${others.join(', ')}), and goes to one. Upload them to the same with x-drover-provider.`,
      param: 'file_id',
    })
  return { provider: first.provider, credential: first.credential, files: ids }
}

/** The grant with the targets that can open the files. @throws Problem `invalid_request_error` where the model has none there. */
export const atFiles = (grant: Grant, call: Call, place: FilePlace | null): Grant => {
  if (place === null) return grant
  const groups = grant.groups
    .map((group) => ({ ...group, targets: group.targets.filter(({ provider }) => provider === place.provider) }))
    .filter(({ targets }) => targets.length > 0)
  if (groups.length > 0) return { ...grant, groups }
  throw new Problem('invalid_request_error', {
    message: `File '${place.files[0]}' is kept by provider "${place.provider}", and model '${call.model}' does not go there. Use a model that does, or upload the file to a provider of this model (x-drover-provider).`,
    param: 'file_id',
  })
}

/** Where something is kept that a call goes on from, and the digest of the key that it was made with. */
export type KeptPlace = { readonly provider: string; readonly credential: string | null }

const narrowed = (upstream: Upstream, place: KeptPlace): Upstream => {
  const keeper = keeperWith(upstream, 'openai', place.credential)
  if (keeper === null || keeper.credential === null || keeper.digest === null) return upstream
  const index = upstream.credentialDigests.indexOf(keeper.digest)
  const { credentialNames } = upstream.provider
  return {
    ...upstream,
    credentialDigests: [keeper.digest],
    provider: {
      ...upstream.provider,
      credentials: [keeper.credential],
      ...(credentialNames === undefined ? {} : { credentialNames: credentialNames.slice(index, index + 1) }),
    },
  }
}

/** A provider of several keys opens a file, or goes on from a response, with the one that it was made with. */
export const withKeyOf = (snapshot: Snapshot, place: KeptPlace | null): Snapshot => {
  const upstream = place === null ? undefined : snapshot.upstreams.get(place.provider)
  if (place === null || upstream === undefined || upstream.credentialDigests.length < 2) return snapshot
  const upstreams = new Map(snapshot.upstreams).set(place.provider, narrowed(upstream, place))
  return Object.freeze({ ...snapshot, upstreams })
}
