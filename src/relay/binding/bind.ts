/** Binds what a provider has made to who asked for it, and finds it again for nobody else. */

import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { BindingForm, BindingKind, BindingRow } from '#resource/port.ts'
import type { Asking } from './asking.ts'
import type { Keeper } from './keeper.ts'

const idLengthMax = 256

/** What a thing of this kind is called before people. */
const words: Readonly<Record<BindingKind, string>> = {
  file: 'File',
  upload: 'Upload',
  batch: 'Batch',
  job: 'Fine-tuning job',
  model: 'Model',
  response: 'Response',
  container: 'Container',
}

/** Whose things are: told of the key that asks, and of a row that others follow from. */
export type Owner = Pick<BindingRow, 'holder' | 'organisation' | 'account' | 'project' | 'member' | 'key' | 'test'>

export const ownerOf = (key: KeyFacts, holder: string): Owner => ({
  holder,
  organisation: key.organisation,
  account: key.account,
  project: key.project,
  member: key.member,
  key: key.id,
  test: key.test,
})

export const ownerOfRow = (row: BindingRow): Owner => {
  const { holder, organisation, account, project, member, key, test } = row
  return { holder, organisation, account, project, member, key, test }
}

/** The id in a document. @throws Problem `upstream_error` where there is none. */
export const idIn = (document: JsonObject, { upstream }: Keeper): string => {
  const { id } = document
  if (typeof id === 'string' && id !== '' && id.length <= idLengthMax) return id
  throw new Problem('upstream_error', {
    message: `Provider "${upstream.provider.name}" told no id of what it was to keep.`,
    facts: { fault: 'protocol' },
  })
}

/** When a thing ends by itself, as OpenAI says it: seconds; `null` = it does not say. */
export const expiryOf = ({ expires_at: seconds }: JsonObject): number | null =>
  typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds * 1_000) : null

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

export type Binding = {
  readonly kind: BindingKind
  readonly text: string
  readonly document: JsonObject
  readonly nowMs: number
} & Partial<Pick<BindingRow, 'state' | 'work' | 'nextMs' | 'expiresMs' | 'purpose' | 'id'>>

/** The row of something that a provider has made. */
export const rowFor = (owner: Owner, keeper: Keeper, binding: Binding): BindingRow => {
  const { kind, text, document, nowMs, ...rest } = binding
  const id = binding.id ?? idIn(document, keeper)
  return {
    ...owner,
    id,
    kind,
    form: keeper.form,
    provider: keeper.upstream.provider.name,
    credential: keeper.digest,
    upstreamId: id,
    purpose: textOf(document['purpose']),
    document: text,
    state: 'ended',
    work: null,
    createdMs: nowMs,
    expiresMs: expiryOf(document),
    nextMs: null,
    ...rest,
  }
}

export const notFound = (kind: BindingKind, id: string): Problem =>
  new Problem('not_found', {
    message: `No such ${words[kind]}: '${id.slice(0, 100)}'. Your account has none under this id.`,
    param: 'id',
  })

export type Sought = {
  readonly id: string
  readonly holder: string
  readonly kind: BindingKind
  readonly form: BindingForm
}

/** @throws Problem `not_found`, also for what is somebody else's, of another kind or form, or hidden. */
export const findBinding = async (
  { ports, nowMs }: Pick<Asking, 'ports' | 'nowMs'>,
  { id, holder, kind, form }: Sought,
): Promise<BindingRow> => {
  const row = await ports.bindings.binding({ id, holder, nowMs })
  if (row === null || row.kind !== kind || row.form !== form || row.state === 'hidden') throw notFound(kind, id)
  return row
}
