/** `drover keys create --to REFERENCE`: a new key goes straight to where it is kept, and is never shown. */

import { access, constants, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { keyOperations } from '#admin/keys.ts'
import type { Operation } from '#admin/operation.ts'
import { asProblem } from '#base/problem.ts'
import type { Reference } from '#base/settings.ts'
import { referenceOf } from '#base/settings.ts'
import { loadConfig } from '#config/load.ts'
import { Failure, usageFailure } from './failure.ts'
import type { Client } from './remote-client.ts'
import type { PlaceFlags } from './settings-source.ts'
import { configFileOf } from './settings-source.ts'
import type { Shell } from './shell.ts'

export const makesKey = ({ noun, verb }: Operation): boolean =>
  noun === 'keys' && (verb === 'create' || verb === 'rotate')

export const addTo = (command: Command): Command =>
  command.option(
    '--to <reference>',
    'Write the new key there and do not show it: vault:path#field, aws-sm:name#field, gcp-sm:project/name, azure-kv:vault/name, file:/path.',
  )

export type KeptKeyOrder = {
  readonly operation: Operation
  readonly input: Readonly<Record<string, unknown>>
  readonly to: string
  readonly flags: PlaceFlags & { readonly json?: boolean }
  readonly client: Client
}

const wrong = (what: string): Failure =>
  usageFailure(
    what,
    'Write --to vault:path#field, aws-sm:name#field, gcp-sm:project/name, azure-kv:vault/name or file:/path.',
  )

/** The reference, with the places of the configuration opened. @throws Failure before any key is made. */
const placeFor = async ({ to, flags }: KeptKeyOrder, { ports }: Shell): Promise<Reference> => {
  const reference = referenceOf(to)
  if (reference === null || reference.target === '') throw wrong(`'${to}' is no reference.`)
  if (reference.scheme === 'env') throw wrong('A command cannot set a variable of its caller.')
  if (reference.scheme === 'file') return reference
  const { environment, vendors, workingFolder, secrets } = ports
  const file = await configFileOf(flags, workingFolder)
  const loaded = await loadConfig({ file, workingFolder, environment, vendors, secrets, opensSecrets: true })
  const faults = loaded.ok ? [] : loaded.faults.filter(({ path }) => path.startsWith('secrets'))
  const [first] = faults
  if (first !== undefined)
    throw new Failure({
      what: 'The secret manager cannot be asked.',
      why: first.message,
      next: null,
      code: 'configuration',
    })
  return reference
}

const isThere = async (path: string): Promise<boolean> => {
  try {
    await access(path)
    return true
  } catch {
    // Whatever else is wrong with it, its folder says.
    return false
  }
}

/** Where a file is already, nothing is made: it could be another key, which somebody uses. */
const tryFile = async (path: string): Promise<void> => {
  if (await isThere(path)) throw Object.assign(new Error(), { code: 'EEXIST' })
  await access(dirname(path), constants.W_OK)
}

const writeFile = async (path: string, key: string): Promise<void> => {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(`${key}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rotation ends a key that works: what can be known of the place before is looked at before. */
const tryPlace = async (reference: Reference, { ports }: Shell): Promise<void> => {
  if (reference.scheme === 'file') await tryFile(resolve(ports.workingFolder, reference.target))
  else await ports.secrets.tryWrite(reference)
}

const keep = async (reference: Reference, key: string, { ports }: Shell): Promise<void> => {
  if (reference.scheme === 'file') await writeFile(resolve(ports.workingFolder, reference.target), key)
  else await ports.secrets.write(reference, key)
}

const whyOf = (thrown: unknown): string => {
  const { code } = thrown as NodeJS.ErrnoException
  if (code === 'EEXIST') return 'there is a file of that name already'
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : asProblem(thrown).message
}

type Made = {
  readonly id: string
  readonly key: string
  /** Of a rotation: the key before it, and until when that works. */
  readonly replaces?: string
  readonly replaced_until?: string
}

/** What could not be kept is of no use to anybody: the key is ended at once. */
const takeBack = async (id: string, client: Client): Promise<string> => {
  const revoke = keyOperations.find(({ verb }) => verb === 'revoke') as unknown as Operation
  try {
    await client.run(revoke, { id })
    return `The key ${id} has been ended; nobody has seen it.`
  } catch {
    // The first failure is the one that matters; this one is said as what is left to do.
    return `The key ${id} is still good and nobody has seen it: end it with 'drover keys revoke ${id}'.`
  }
}

const oldKey = ({ replaces, replaced_until: until }: Made): string =>
  replaces === undefined
    ? ''
    : ` The old key ${replaces} works until ${until}: before that run 'drover keys rotate ${replaces}' anew, with a place that can be written to.`

/** Makes a key, writes it to its place, and prints everything but the key. @throws Failure */
export const makeKeptKey = async (order: KeptKeyOrder, shell: Shell): Promise<void> => {
  const { operation, input, to, flags, client } = order
  const reference = await placeFor(order, shell)
  const what = `The new key could not be written to ${to}.`
  try {
    await tryPlace(reference, shell)
  } catch (thrown) {
    const next = 'No key has been made, and none has been ended.'
    throw new Failure({ what, why: whyOf(thrown), next, code: 'unwritable' }, 1, thrown)
  }
  const made = (await client.run(operation, input)) as Made
  const { key, ...rest } = made
  try {
    await keep(reference, key, shell)
  } catch (thrown) {
    const next = `${await takeBack(made.id, client)}${oldKey(made)}`
    throw new Failure({ what, why: whyOf(thrown), next, code: 'unwritable' }, 1, thrown)
  }
  if (flags.json === true) shell.terminal.json({ ...rest, kept_at: to })
  else shell.terminal.data(`key ${made.id} is kept at ${to}\n`)
}
