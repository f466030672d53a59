/** Secrets that are kept elsewhere: the ways to their places, opened when one is asked, and the watch over them. */

import { readFile as readText } from 'node:fs/promises'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import type { Sentence } from '#base/sentence.ts'
import type { Ask, AskText } from '#http/token-keeper.ts'
import type { KeeperParts } from '#secret/keeper.ts'
import { makeSecretKeeper } from '#secret/keeper.ts'
import type { SecretPlace } from '#secret/place.ts'
import type { SecretKeeper, Way } from '#secret/settings.ts'

type Missing = { readonly missing: string }
type Ways = {
  readonly to: (way: Way) => Ask
  readonly toText: (way: Way) => AskText
  readonly close: () => Promise<void>
}

/** The metadata services of machines have link-local addresses. */
const toMachine: Way = { allowPrivate: true, certificateAuthorities: null }

/** Tokens of clusters are written anew while the server runs. */
const readFile = (path: string): Promise<string> => readText(path, 'utf8')

/** Ways out through the egress guard, each opened by its first question: most commands ask nobody. */
const makeWays = (clock: Clock): Ways => {
  const open: Array<() => Promise<void>> = []
  const opened = async (way: Way): Promise<readonly [Ask, AskText]> => {
    const [{ networkTransport }, { askOver, askTextOver }] = await Promise.all([
      import('#http/upstream.ts'),
      import('#http/token-keeper.ts'),
    ])
    const transport = networkTransport({ ...way, proxy: null, clock })
    open.push(() => transport.close())
    return [askOver(transport, clock), askTextOver(transport, clock)]
  }
  const once = (way: Way): (() => Promise<readonly [Ask, AskText]>) => {
    let asks: Promise<readonly [Ask, AskText]> | null = null
    return () => {
      asks ??= opened(way)
      return asks
    }
  }
  return {
    to: (way) => {
      const asks = once(way)
      return async (request) => (await asks())[0](request)
    },
    toText: (way) => {
      const asks = once(way)
      return async (request) => (await asks())[1](request)
    },
    close: async () => {
      await Promise.all(open.splice(0).map((close) => close()))
    },
  }
}

/** A place whose code is loaded when it is asked first. */
const lazily = (load: () => Promise<SecretPlace>): SecretPlace => {
  let place: Promise<SecretPlace> | null = null
  const loaded = (): Promise<SecretPlace> => {
    place ??= load()
    return place
  }
  return {
    read: async (name) => (await loaded()).read(name),
    write: async (name, change) => (await loaded()).write(name, change),
  }
}

const isMissing = (place: Way | Missing): place is Missing => 'missing' in place

const placed = <P extends Way>(place: P | Missing, load: (place: P) => Promise<SecretPlace>): SecretPlace | Missing =>
  isMissing(place) ? place : lazily(() => load(place))

/** One for the process. `clock`: leases are timed by it. */
export const openSecrets = (clock: Clock, ids: Ids): SecretKeeper => {
  let ways = makeWays(clock)
  const placesFor: KeeperParts['placesFor'] = (places) => {
    const before = ways
    ways = makeWays(clock)
    // What is under way on the old ones ends first.
    void before.close()
    const { to, toText } = ways
    const machine = { askMachine: to(toMachine), askMachineText: toText(toMachine), readFile, clock }
    return {
      vault: placed(places.vault, async (place) =>
        (await import('#secret/vault.ts')).vaultPlace({ place, ask: to(place), clock }),
      ),
      'aws-sm': placed(places.aws, async (place) =>
        (await import('#secret/aws-secrets.ts')).awsPlace({
          place,
          ask: to(place),
          askText: toText(place),
          ids,
          ...machine,
        }),
      ),
      'gcp-sm': placed(places.gcp, async (place) => {
        const askMetadata = machine.askMachine
        return (await import('#secret/google-secrets.ts')).googlePlace({ place, ask: to(place), askMetadata, clock })
      }),
      'azure-kv': placed(places.azure, async (place) =>
        (await import('#secret/azure-secrets.ts')).azurePlace({ place, ask: to(place), ...machine }),
      ),
    }
  }
  return makeSecretKeeper({ placesFor, nowMs: clock.nowMs, closeWays: () => ways.close() })
}

export type SecretWatch = {
  readonly secrets: Pick<SecretKeeper, 'refresh' | 'isUsed' | 'warnings'>
  readonly everyMs: number
  /** Told when one is another than before. */
  readonly changed: () => Promise<void>
  readonly clock: Pick<Clock, 'after'>
  readonly log: Pick<Log, 'warn' | 'info'>
}

/** Looks at secrets again and again, one look at a time; gives what ends it. */
export const watchSecrets = ({ secrets, everyMs, changed, clock, log }: SecretWatch): (() => void) => {
  let isOpen = true
  let cancel = (): void => {}
  let told: readonly Sentence[] = []
  const look = async (): Promise<void> => {
    if (!secrets.isUsed()) return
    const isChanged = await secrets.refresh()
    const warnings = secrets.warnings()
    if (warnings.length > 0 && told.length === 0)
      for (const warning of warnings) log.warn('secrets', { warning: warning.text })
    if (warnings.length === 0 && told.length > 0) log.info('all secrets can be fetched again')
    told = warnings
    if (!isChanged || !isOpen) return
    log.info('a secret has changed, the configuration is read again')
    await changed()
  }
  const next = (): void => {
    cancel = clock.after(everyMs, () => {
      look()
        .catch((error: unknown) => log.warn('secrets could not be looked at', { error }))
        .finally(() => {
          if (isOpen) next()
        })
    })
  }
  next()
  return () => {
    isOpen = false
    cancel()
  }
}
