/** Several credentials of one provider: which is used next, which rests until its limit resets, which is out. */

export type KeyState = 'usable' | 'resting' | 'refused'

type Entry = { restsUntilMs: number; refusedUntilMs: number; isRefused: boolean }

export type KeyView = { readonly state: KeyState; readonly untilMs: number | null }

export type KeyRing = {
  /**
   * The index among these credentials, by their digests, that a call is sent with; `null` = there is none. With none usable it is the one that
   * is so soonest: the last way to a provider is never closed.
   */
  readonly choose: (digests: readonly string[], nowMs: number, chance: number) => number | null
  readonly rest: (digest: string, untilMs: number) => void
  /** Takes a refused key out; gives `false` where it was known to be refused. */
  readonly refuse: (digest: string, untilMs: number) => boolean
  readonly worked: (digest: string) => void
  readonly view: (digest: string, nowMs: number) => KeyView
  /** When the first of them can be used; 0 = now. */
  readonly usableAtMs: (digests: readonly string[], nowMs: number) => number
}

/** A refused key is tried again after this long: vendors refuse good keys in their worst hours. */
export const refusedMs = 600_000
/** Keys remembered at most; of more the oldest is forgotten, which costs it one round trip. */
const keysMax = 10_000

const freeAtMs = (entry: Entry | undefined): number =>
  entry === undefined ? 0 : Math.max(entry.restsUntilMs, entry.refusedUntilMs)

/** Remembers by digest, so that a reload of the configuration forgets nothing and a changed key begins anew. */
export const keyRing = (): KeyRing => {
  const entries = new Map<string, Entry>()
  const entryOf = (digest: string): Entry => {
    const known = entries.get(digest)
    if (known !== undefined) return known
    const [oldest] = entries.keys()
    if (entries.size >= keysMax && oldest !== undefined) entries.delete(oldest)
    const entry = { restsUntilMs: 0, refusedUntilMs: 0, isRefused: false }
    entries.set(digest, entry)
    return entry
  }
  return {
    choose: (digests, nowMs, chance) => {
      const indexes = digests.map((_digest, index) => index)
      const usable = indexes.filter((index) => freeAtMs(entries.get(digests[index] ?? '')) <= nowMs)
      const any = usable[Math.floor(chance * usable.length)]
      if (any !== undefined) return any
      const [soonest] = indexes.sort(
        (a, b) => freeAtMs(entries.get(digests[a] ?? '')) - freeAtMs(entries.get(digests[b] ?? '')),
      )
      return soonest ?? null
    },
    rest: (digest, untilMs) => {
      const entry = entryOf(digest)
      entry.restsUntilMs = Math.max(entry.restsUntilMs, untilMs)
    },
    refuse: (digest, untilMs) => {
      const entry = entryOf(digest)
      const isNew = !entry.isRefused
      entry.isRefused = true
      entry.refusedUntilMs = untilMs
      return isNew
    },
    worked: (digest) => {
      entries.delete(digest)
    },
    view: (digest, nowMs) => {
      const entry = entries.get(digest)
      const untilMs = freeAtMs(entry)
      if (entry === undefined || untilMs <= nowMs) return { state: 'usable', untilMs: null }
      return { state: entry.refusedUntilMs > nowMs ? 'refused' : 'resting', untilMs }
    },
    usableAtMs: (digests, nowMs) => {
      const free = digests.map((digest) => freeAtMs(entries.get(digest)))
      return free.length === 0 || free.some((atMs) => atMs <= nowMs) ? 0 : Math.min(...free)
    },
  }
}
