/** Providers and models that were applied: read out of the store into the relay, and what a file says of them held against what there is. */

import type { AppliedPorts, AppliedReading, AppliedWish } from '#admin/applied-ports.ts'
import type { AppliedRow, AppliedStore } from '#admin/port.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { BuiltApplied } from '#config/build-applied.ts'
import { buildApplied } from '#config/build-applied.ts'
import type { CredentialPlace, KeptCredentials } from '#config/build-provider.ts'
import type { Config, ModelConfig, ProviderConfig } from '#config/config.ts'
import { vendors } from '#provider/index.ts'
import type { Live } from '#relay/live.ts'
import { keptCredentials, nothingKept, settingsOf } from './applied-rows.ts'
import type { AppliedVault } from './applied-vault.ts'
import { readWish } from './read-wish.ts'
import { relayProviders } from './relay-rooms.ts'
import { rereading } from './reread.ts'

export type AppliedParts = {
  readonly config: Config
  readonly store: Pick<AppliedStore, 'applied'>
  readonly vault: AppliedVault
  readonly live: Pick<Live, 'appliedChanged'>
  readonly clock: Clock
  readonly log: Log
}

type InForce = { readonly providers: readonly ProviderConfig[]; readonly models: readonly ModelConfig[] }

/** What was applied and is not in force. `why`: what cannot be read of it any more; `null` = its credentials, which were sealed under another key. */
export type LeftOut = { readonly kind: AppliedRow['kind']; readonly name: string; readonly why: string | null }

const opening =
  (rows: readonly AppliedRow[], vault: AppliedVault, unread: Set<string>) =>
  (place: CredentialPlace): KeptCredentials => {
    const row = rows.find(({ kind, name }) => kind === 'provider' && name === place.name)
    if (row?.sealed == null) return nothingKept
    const secrets = vault.open(place, row.sealed)
    if (secrets !== null) return keptCredentials(secrets, row.sealedMs ?? row.changedMs)
    unread.add(place.name)
    return nothingKept
  }

/** All rows at once; where that finds a fault, each by itself, and the faulty ones are left out. */
export const readApplied = async (
  rows: readonly AppliedRow[],
  { vault }: Pick<AppliedParts, 'vault'>,
): Promise<InForce & { readonly leftOut: readonly LeftOut[] }> => {
  const unread = new Set<string>()
  const keptFor = opening(rows, vault, unread)
  const build = (some: readonly AppliedRow[]): Promise<BuiltApplied> =>
    buildApplied(settingsOf(some), { vendors, keptFor })
  const all = await build(rows)
  const sound: BuiltApplied[] = all.faults.length === 0 ? [all] : []
  const faulty: LeftOut[] = []
  if (all.faults.length > 0)
    for (const row of rows) {
      const one = await build([row])
      if (one.faults.length === 0) sound.push(one)
      else
        faulty.push({
          kind: row.kind,
          name: row.name,
          why: one.faults.map(({ path, message }) => `${path} ${message}`).join('; '),
        })
    }
  return {
    // Without its credentials it would only be refused there, for a reason that nobody finds.
    providers: sound.flatMap(({ providers }) => providers).filter(({ name }) => !unread.has(name)),
    models: sound.flatMap(({ models }) => models),
    leftOut: [
      ...[...unread].map((name): LeftOut => ({ kind: 'provider', name, why: null })),
      // That it has no credential is only what follows.
      ...faulty.filter(({ kind, name }) => kind !== 'provider' || !unread.has(name)),
    ],
  }
}

const tellLeftOut = ({ kind, name, why }: LeftOut, log: Log): void => {
  if (why !== null)
    log.error('what was applied cannot be read any more, and is left out', { [kind]: name, faults: why })
  else
    log.error('the credentials of an applied provider cannot be read: they were sealed under another server key', {
      provider: name,
      next: 'apply it again with its credentials',
    })
}

const built = async (rows: readonly AppliedRow[], parts: AppliedParts): Promise<InForce> => {
  const { leftOut, ...inForce } = await readApplied(rows, parts)
  for (const one of leftOut) tellLeftOut(one, parts.log)
  return inForce
}

const signOf = (rows: readonly AppliedRow[]): string =>
  JSON.stringify(rows.map(({ sealed, ...row }) => [row, sealed === null ? null : Buffer.from(sealed).toString('hex')]))

/** Begins with nothing in force: `refresh` reads the store. */
export const openApplied = (parts: AppliedParts) => {
  const { store, live, log } = parts
  let { config } = parts
  let inForce: InForce = { providers: [], models: [] }
  let sign = signOf([])

  const read = async (): Promise<{ readonly sign: string; readonly inForce: InForce }> => {
    const rows = await store.applied()
    const now = signOf(rows)
    return { sign: now, inForce: now === sign ? inForce : await built(rows, parts) }
  }
  const tellWaiting = (): void => {
    const names = new Set(config.providers.map(({ name }) => name))
    const ids = new Set(config.models.map(({ id }) => id))
    const waiting = [
      ...inForce.providers.filter(({ name }) => names.has(name)).map(({ name }) => `provider ${name}`),
      ...inForce.models.filter(({ id }) => ids.has(id)).map(({ id }) => `model ${id}`),
    ]
    if (waiting.length > 0)
      log.warn('drover.yaml has names that were applied as well: what it says counts', { names: waiting.join(', ') })
  }
  const refresh = rereading(read, (found) => {
    if (found.sign === sign) return
    sign = found.sign
    inForce = found.inForce
    live.appliedChanged({ providers: relayProviders(inForce.providers), models: inForce.models })
    tellWaiting()
  })
  const reading = (wish: AppliedWish): Promise<AppliedReading> =>
    store.applied().then((rows) => readWish(wish, { ...parts, config, rows }))
  return {
    refresh,
    ports: (changed: AppliedPorts['changed']): AppliedPorts => ({ read: reading, changed }),
    /** Takes a changed file into account. */
    configure: (changed: Config): void => {
      config = changed
      tellWaiting()
    },
    /** All providers: those of the file, and those that were applied beside them. */
    providers: (): readonly ProviderConfig[] => {
      const names = new Set(config.providers.map(({ name }) => name))
      return [...config.providers, ...inForce.providers.filter(({ name }) => !names.has(name))]
    },
  }
}
