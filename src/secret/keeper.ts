/** Secrets that are kept elsewhere, as this process knows them: fetched, looked at again, and kept while their place is away. */

import { createHash } from 'node:crypto'
import { healthSays } from '#base/health-sentences.ts'
import { Secret } from '#base/log.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Sentence } from '#base/sentence.ts'
import type { Reference } from '#base/settings.ts'
import type { SecretPlace } from './place.ts'
import { targetOf, valueIn, withValue } from './place.ts'
import type { SecretKeeper, SecretPlaces } from './settings.ts'

/** What was fetched so short a time ago is not fetched again: one reading of a configuration asks once for each name. */
const freshMs = 2_000
/** Nor what could not be fetched: a place that hangs holds up one reading of a configuration, not each of its names. */
const awayFreshMs = 60_000
/** Fetched at the same time. */
const togetherMax = 4

export type PlaceName = Exclude<Reference['scheme'], 'env' | 'file'>

type Known = {
  readonly text: string
  /** When it was fetched last, or could not be. */
  readonly triedMs: number
  /** It came from a place that is asked no more: it is watched, and not served. */
  readonly isForeign: boolean
  readonly away: { readonly sinceMs: number; readonly why: string } | null
}

export type KeeperParts = {
  /** The places that a configuration names; `null` for those that it does not, with what is missing. */
  readonly placesFor: (places: SecretPlaces) => Readonly<Record<PlaceName, SecretPlace | { readonly missing: string }>>
  readonly nowMs: () => number
  /** Closes the ways to places that are asked no more. */
  readonly closeWays: () => Promise<void>
}

const separator = '\n'

/** Whether two say the same, their secrets included, which are in no text for long. */
const digestOf = (places: SecretPlaces): string => {
  const text = JSON.stringify(places, function (this: Readonly<Record<string, unknown>>, name, value: unknown) {
    // A secret has made itself unreadable before it comes here.
    const whole = this[name]
    return whole instanceof Secret ? whole.reveal() : value
  })
  return createHash('sha256').update(text).digest('hex')
}

const tryWriteAt = async (place: SecretPlace, { target }: Reference): Promise<void> => {
  const { name, field } = targetOf(target)
  const stopped = new Error('nothing is to be written')
  try {
    await place.write(name, (before) => {
      withValue(before, field, '')
      throw stopped
    })
  } catch (thrown) {
    if (thrown !== stopped) throw thrown
  }
}

const warningsOf = (known: ReadonlyMap<string, Known>): readonly Sentence[] =>
  [...known].flatMap(([id, { away }]) =>
    away === null
      ? []
      : [
          healthSays('secret_away', {
            secret: id.replace(separator, ':'),
            since: new Date(away.sinceMs).toISOString(),
            problem: away.why,
          }),
        ],
  )

/** Knows nothing at first; places are those of the configuration that was opened last. */
export const makeSecretKeeper = ({ placesFor, nowMs, closeWays }: KeeperParts): SecretKeeper => {
  const known = new Map<string, Known>()
  let opened: { readonly digest: string; readonly places: ReturnType<KeeperParts['placesFor']> } | null = null

  const placeOf = (scheme: PlaceName): SecretPlace => {
    const place = opened?.places[scheme]
    if (place !== undefined && 'read' in place) return place
    throw new Problem('not_found', { message: place?.missing ?? `no place for '${scheme}:' is configured` })
  }
  const remoteOf = ({ scheme, text }: Reference): PlaceName => {
    if (scheme !== 'env' && scheme !== 'file') return scheme
    throw new Problem('not_found', { message: `'${text}' is on this machine, not in a secret manager` })
  }
  const isFresh = ({ triedMs, isForeign, away }: Known): boolean =>
    !isForeign && nowMs() - triedMs < (away === null ? freshMs : awayFreshMs)
  const noteAway = (id: string, before: Known, thrown: unknown): Known => {
    const triedMs = nowMs()
    const kept = {
      ...before,
      triedMs,
      away: { sinceMs: before.away?.sinceMs ?? triedMs, why: asProblem(thrown).message },
    }
    known.set(id, kept)
    return kept
  }
  const fetched = async (scheme: PlaceName, name: string): Promise<Known> => {
    const id = `${scheme}${separator}${name}`
    const before = known.get(id)
    const asked = opened
    try {
      const text = await placeOf(scheme).read(name)
      const now: Known = { text, triedMs: nowMs(), isForeign: asked !== opened, away: null }
      known.set(id, now)
      return now
    } catch (thrown) {
      if (before === undefined) throw thrown
      return noteAway(id, before, thrown)
    }
  }
  return {
    open: (places) => {
      const digest = digestOf(places)
      if (opened?.digest === digest) return
      opened = { digest, places: placesFor(places) }
      for (const [id, one] of known) known.set(id, { ...one, isForeign: true })
    },
    read: async (reference) => {
      const scheme = remoteOf(reference)
      const { name, field } = targetOf(reference.target)
      const found = known.get(`${scheme}${separator}${name}`)
      if (found !== undefined && isFresh(found)) return valueIn(found.text, field)
      const { text, isForeign, away } = await fetched(scheme, name)
      if (isForeign) throw new Problem('upstream_error', { message: away?.why ?? 'its place was changed' })
      return valueIn(text, field)
    },
    keepOnly: (references) => {
      const named = new Set(references.map((one) => `${one.scheme}${separator}${targetOf(one.target).name}`))
      for (const id of known.keys()) if (!named.has(id)) known.delete(id)
    },
    tryWrite: async (reference) => {
      await tryWriteAt(placeOf(remoteOf(reference)), reference)
    },
    write: async (reference, value) => {
      const { name, field } = targetOf(reference.target)
      const scheme = remoteOf(reference)
      await placeOf(scheme).write(name, (before) => withValue(before, field, value))
      known.delete(`${scheme}${separator}${name}`)
    },
    refresh: async () => {
      const waiting = [...known.keys()]
      let isChanged = false
      const work = async (): Promise<void> => {
        for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
          const [scheme, name] = id.split(separator) as [PlaceName, string]
          const before = known.get(id)
          // Let go of meanwhile.
          if (before === undefined) continue
          // What is known is never refused: it stays, and the warning says so.
          const after = await fetched(scheme, name)
          isChanged ||= after.text !== before.text || after.isForeign !== before.isForeign
        }
      }
      await Promise.all(Array.from({ length: togetherMax }, work))
      return isChanged
    },
    isUsed: () => known.size > 0,
    warnings: () => warningsOf(known),
    close: closeWays,
  }
}
