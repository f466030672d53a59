/** The first start: an empty store gets its organisation and its first two keys; given keys are added on later starts, too. */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { endingOf, givenKeyFault, makeKey } from '#policy/key.ts'
import { unlimitedKey } from '#policy/key-facts.ts'
import { viewOfAccount } from './accounts.ts'
import { viewOfKey } from './key-view.ts'
import type { AdminPorts } from './operation.ts'
import type { AccountRow, FirstStart } from './port.ts'
import type { KeyRow } from './rows.ts'
import type { Author } from './trail-row.ts'
import { trailRowOf } from './trail-row.ts'

/** Which of the two first keys. */
export type FirstKey = 'admin' | 'test'

export type StartedKey = {
  readonly kind: FirstKey
  /** The key itself, made now and shown once; `null` where it was given and its owner has it already. */
  readonly key: string | null
  readonly id: string
}

export type FirstStartResult = {
  /** Whether the store was empty. */
  readonly created: boolean
  /** Keys that this start brought into the store. */
  readonly keys: readonly StartedKey[]
  /** Whole sentences for a person. */
  readonly notes: readonly string[]
}

export type FirstStartRequest = {
  readonly ports: Pick<AdminPorts, 'store' | 'digestKey' | 'keysChanged' | 'accountsChanged'>
  /** `DROVER_ADMIN_KEY` and `DROVER_TEST_KEY`; `null` or empty = not given. */
  readonly given: Readonly<Record<FirstKey, string | null>>
  readonly clock: Clock
  readonly ids: Ids
}

const variables: Readonly<Record<FirstKey, string>> = { admin: 'DROVER_ADMIN_KEY', test: 'DROVER_TEST_KEY' }
const kinds: readonly FirstKey[] = ['admin', 'test']
const keyPagesMax = 1000

type Owner = { readonly organisation: string; readonly project: string | null; readonly account: string }
type Candidate = { readonly kind: FirstKey; readonly text: string; readonly id: string; readonly isGiven: boolean }

const givenOf = (request: FirstStartRequest, kind: FirstKey): string | null => {
  const text = request.given[kind]?.trim() ?? ''
  return text === '' ? null : text
}

const checkGiven = (request: FirstStartRequest): void => {
  for (const kind of kinds) {
    const text = givenOf(request, kind)
    const fault = text === null ? null : givenKeyFault(text)
    if (fault !== null)
      throw new Problem('invalid_request_error', {
        message: `${variables[kind]} cannot be used as a key: ${fault}. Leave it out to have one made.`,
        param: variables[kind],
      })
  }
  const admin = givenOf(request, 'admin')
  if (admin !== null && admin === givenOf(request, 'test'))
    throw new Problem('invalid_request_error', {
      message: 'DROVER_ADMIN_KEY and DROVER_TEST_KEY are the same. An admin key cannot call models: give two keys.',
      param: variables.test,
    })
}

const candidateOf = (request: FirstStartRequest, kind: FirstKey): Candidate => {
  const text = givenOf(request, kind)
  if (text !== null) return { kind, text, id: request.ids.next('key'), isGiven: true }
  const made = makeKey(kind === 'admin' ? 'admin' : 'model', kind === 'test', request.ids)
  return { kind, text: made.key, id: made.id, isGiven: false }
}

const rowOf = (candidate: Candidate, owner: Owner, request: FirstStartRequest): KeyRow => ({
  ...unlimitedKey,
  ...owner,
  member: null,
  id: candidate.id,
  name: candidate.kind,
  purpose: candidate.kind === 'admin' ? 'admin' : 'model',
  test: candidate.kind === 'test',
  createdMs: request.clock.nowMs(),
  ending: endingOf(candidate.text),
  digest: request.ports.digestKey(candidate.text),
})

const authorOf = (request: FirstStartRequest): Author => ({
  actor: { name: 'system', scopes: [] },
  clock: request.clock,
  ids: request.ids,
  requestId: null,
})

const begin = async (request: FirstStartRequest): Promise<FirstStartResult | null> => {
  const { clock, ids, ports } = request
  const createdMs = clock.nowMs()
  const organisation = { id: ids.next('org'), name: 'default', createdMs, operator: true }
  const project = { id: ids.next('prj'), organisation: organisation.id, name: 'default', createdMs, archivedMs: null }
  const account: AccountRow = {
    id: ids.next('acc'),
    organisation: organisation.id,
    name: 'default',
    billing: 'unlimited',
    plan: null,
    createdMs,
  }
  const candidates = kinds.map((kind) => candidateOf(request, kind))
  const owner = { organisation: organisation.id, project: project.id, account: account.id }
  const keys = candidates.map((candidate) => rowOf(candidate, owner, request))
  const after = { organisation, account: viewOfAccount(account), keys: keys.map((row) => viewOfKey(row, createdMs)) }
  const change = { operation: 'start.first' as const, object: organisation.id, before: null, after }
  const first: FirstStart = { organisation, project, account, keys, trail: trailRowOf(change, authorOf(request)) }
  if (!(await ports.store.begin(first))) return null
  await ports.keysChanged(keys)
  return {
    created: true,
    keys: candidates.map(({ kind, id, text, isGiven }) => ({ kind, id, key: isGiven ? null : text })),
    notes: candidates
      .filter(({ isGiven }) => isGiven)
      .map(({ kind }) => `The ${kind} key is the one in ${variables[kind]}.`),
  }
}

/** The row of a key by its digest; pages through all of them, which happens once a start and only with given keys. */
const rowByDigest = async (request: FirstStartRequest, digest: string): Promise<KeyRow | null> => {
  let after: string | null = null
  for (let page = 0; page < keyPagesMax; page += 1) {
    const rows: readonly KeyRow[] = await request.ports.store.keys({ limit: 1000, after })
    const found = rows.find((row) => row.digest === digest)
    if (found !== undefined) return found
    if (rows.length < 1000) return null
    after = rows.at(-1)?.id ?? null
  }
  return null
}

const standing = (row: KeyRow, kind: FirstKey, nowMs: number): string | null => {
  const variable = variables[kind]
  const { state } = viewOfKey(row, nowMs)
  if (state === 'revoked' || state === 'expired')
    return `${variable} holds the key ${row.id}, which is ${state}; it stays so. Give another one, or make one with 'drover keys create'.`
  const isRight = kind === 'admin' ? row.purpose === 'admin' : row.test
  return isRight ? null : `${variable} holds the key ${row.id}, which is no ${kind} key; it stays what it is.`
}

/** Gives whether it was added: another node that was given the same key may have been quicker. */
const addKey = async (request: FirstStartRequest, row: KeyRow): Promise<boolean> => {
  const { clock, ports } = request
  const change = { operation: 'start.key' as const, object: row.id, before: null, after: viewOfKey(row, clock.nowMs()) }
  try {
    await ports.store.createKey(row, trailRowOf(change, authorOf(request)))
  } catch (thrown) {
    if (asProblem(thrown).code !== 'conflict' || (await rowByDigest(request, row.digest)) === null) throw thrown
    return false
  }
  await ports.keysChanged([row])
  return true
}

const addGiven = async (request: FirstStartRequest): Promise<FirstStartResult> => {
  const { clock, ports } = request
  const keys: StartedKey[] = []
  const notes: string[] = []
  for (const kind of kinds) {
    const text = givenOf(request, kind)
    if (text === null) continue
    const known = await rowByDigest(request, ports.digestKey(text))
    const note = known === null ? null : standing(known, kind, clock.nowMs())
    if (note !== null) notes.push(note)
    if (known !== null) continue
    const account = await ports.store.account('default')
    if (account === null) {
      notes.push(`${variables[kind]} was not added, because there is no account 'default' to add it to.`)
      continue
    }
    const owner = { organisation: account.organisation, project: null, account: account.id }
    const row = rowOf(candidateOf(request, kind), owner, request)
    if (!(await addKey(request, row))) continue
    keys.push({ kind, id: row.id, key: null })
    notes.push(`The key in ${variables[kind]} was new to this store and has been added as ${row.id}.`)
  }
  return { created: false, keys, notes }
}

/**
 * Makes the first rows of an empty store: organisation, project and account `default`, an admin key and a test key, each
 * taken from the environment where it is given. In a store that is not empty, given keys that it does not know are added.
 * @throws Problem `invalid_request_error` where a given key cannot be one.
 */
export const firstStart = async (request: FirstStartRequest): Promise<FirstStartResult> => {
  checkGiven(request)
  // Asked first: to fill a store is to stop everybody else who writes to it.
  const isEmpty = (await request.ports.store.organisations({ limit: 1, after: null })).length === 0
  return (isEmpty ? await begin(request) : null) ?? (await addGiven(request))
}
