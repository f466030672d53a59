/** Watches the file: a good edit becomes the new configuration, a bad one is told, and the old state stays. */

import { createHash } from 'node:crypto'
import type { FSWatcher } from 'node:fs'
import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Config, Loaded } from './config.ts'

export type WatchRequest = {
  /** What is in force when watching begins; its `file` is watched. */
  readonly config: Config
  readonly load: () => Promise<Loaded>
  /**
   * Called once for each content of the file that differs from the one before, good or bad. `restart` names the
   * settings that differ from what watching began with and that only a restart brings into force.
   */
  readonly changed: (loaded: Loaded, restart: readonly string[]) => void
  readonly clock: Clock
  /** How often the file is looked at even when the system told nothing (network folders). */
  readonly pollMs?: number
  /** Editors write in several steps: how long the file must have been quiet. */
  readonly debounceMs?: number
}

export type Watching = {
  /** Reads the configuration again though the file is the same: a secret that it names has changed. Resolves when that is done. */
  readonly reload: () => Promise<void>
  /** Ends the watch; nothing is called afterwards. */
  readonly close: () => void
}

const restartSettings: Readonly<Record<string, (config: Config) => unknown>> = {
  signup: (config) => config.signup,
  identity: ({ issuers }) => issuers.map((one) => [one, one.clientSecret.reveal()]),
  console: (config) => config.console,
  'server.host': (config) => config.server.host,
  'server.port': (config) => config.server.port,
  'server.workers': (config) => config.server.workers,
  'server.public_url': (config) => config.server.publicUrl,
  'server.body_limit': (config) => config.server.bodyBytesMax,
  'server.upload_limit': (config) => config.server.uploadBytesMax,
  'server.drain_delay': (config) => config.server.drainDelayMs,
  'server.drain_timeout': (config) => config.server.drainTimeoutMs,
  'server.overload': (config) => config.server.overload,
  'server.trusted_proxies': (config) => config.server.trustedProxies,
  'server.cors': (config) => config.server.corsOrigins,
  'server.tls': (config) => [config.server.tls?.certificate.reveal(), config.server.tls?.key.reveal()],
  'server.admin': (config) => config.server.admin,
  'store.url': (config) => [config.store.file, config.store.postgres?.url.reveal()],
  'store.direct_url': (config) => config.store.postgres?.directUrl?.reveal(),
  'store.tls': ({ store }) => [store.postgres?.tls, store.postgres?.tls.key?.reveal()],
  cluster: ({ cluster }) => [cluster, cluster.redis?.password?.reveal()],
  semantic_cache: (config) => config.similar,
  'store.durability': (config) => config.store.durability,
  retention: (config) => config.retention,
  'migrations.dir': (config) => config.migrationsFolder,
  telemetry: ({ telemetry }) => [telemetry, ...Object.values(telemetry?.headers ?? {}).map((one) => one.reveal())],
  'log.level': (config) => config.log.level,
  'secrets.refresh': (config) => config.secretsRefreshMs,
  'secrets.key': (config) => config.secretKey?.secret.reveal(),
}

/** Settings that only a restart brings into force. */
export const restartNames: readonly string[] = Object.keys(restartSettings)

/** The settings that differ and that only a restart brings into force. */
export const restartNeeded = (before: Config, after: Config): readonly string[] =>
  Object.entries(restartSettings)
    .filter(([, read]) => JSON.stringify(read(before)) !== JSON.stringify(read(after)))
    .map(([name]) => name)

/** A digest of what the file holds; what cannot be read has the name of its failure instead. */
const stateOf = async (file: string): Promise<string> => {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  } catch (error) {
    return `unreadable: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`
  }
}

/**
 * Watches the folder of the file, because editors and mounted volumes replace the file instead of writing into it, and
 * looks at the file every `pollMs` (2 s) as a backstop. Reads it when it has been quiet for `debounceMs` (100 ms).
 * Without a file there is nothing to watch.
 */
export const watchConfig = (request: WatchRequest): Watching => {
  const { file } = request.config
  if (file === null) return { reload: async () => {}, close: () => {} }
  const { clock, pollMs = 2000, debounceMs = 100 } = request
  let restart: readonly string[] = []
  let state = request.config.digest
  let isOpen = true
  let isLooking = false
  let isWanted = false
  let mustReload = false
  let cancelDebounce = (): void => {}
  let cancelPoll = (): void => {}

  const look = async (): Promise<void> => {
    if (isLooking) {
      isWanted = true
      return
    }
    isLooking = true
    const isForced = mustReload
    mustReload = false
    const seen = await stateOf(file)
    if (isOpen && (isForced || seen !== state)) {
      const loaded = await request.load()
      if (isOpen) {
        if (loaded.ok) restart = restartNeeded(request.config, loaded.config)
        state = loaded.ok ? loaded.config.digest : seen
        request.changed(loaded, restart)
      }
    }
    isLooking = false
    if (isWanted && isOpen) {
      isWanted = false
      await look()
    }
  }

  const soon = (): void => {
    cancelDebounce()
    if (isOpen) cancelDebounce = clock.after(debounceMs, () => void look())
  }
  const poll = (): void => {
    cancelPoll = clock.after(pollMs, () => {
      soon()
      if (isOpen) poll()
    })
  }

  let watcher: FSWatcher | null = null
  try {
    watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
      // A mounted volume swaps a link beside the file (`..data`), so other names are not ignored; the digest decides.
      if (name === null || name === basename(file) || name.startsWith('..')) soon()
    })
    watcher.on('error', () => watcher?.close())
  } catch {
    // Some file systems cannot be watched; the poll below sees the change then.
    watcher = null
  }
  poll()
  return {
    reload: () => {
      mustReload = true
      return look()
    },
    close: () => {
      isOpen = false
      cancelDebounce()
      cancelPoll()
      watcher?.close()
    },
  }
}
