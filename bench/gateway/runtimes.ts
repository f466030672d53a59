/**
 * The relay, and a proxy that does nothing, on other engines than the one that comes with it. Bun has the proxy alone, by its own
 * server and fetch: the relay answers calls on Bun 1.4.5 once its way to have garbage collected is taken out, and does not end in good order.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../../test/e2e/harness.ts'
import type { PlainProxy } from './bare-node.ts'
import { bareNodeOn } from './bare-node.ts'
import { configOf, everything, openRelay } from './drover.ts'
import type { Gateway } from './gateway.ts'

export type Runtime = {
  readonly name: string
  readonly program: string
  /** The proxy that does nothing. */
  readonly proxy?: PlainProxy
  /** What `bin/drover` gives its own engine; `null` = the relay does not run on it. */
  readonly flags: readonly string[] | null
}

const peers = join(import.meta.dirname, '..', 'peers', 'node_modules')
const v8Flags = /^v8="(.*)"$/m.exec(readFileSync(join(checkout, 'bin', 'drover'), 'utf8'))?.[1]?.split(' ') ?? []

export const otherRuntimes: readonly Runtime[] = [
  { name: 'node 24', program: join(peers, 'node-24', 'bin', 'node'), flags: v8Flags },
  {
    name: 'bun',
    proxy: { script: 'bun-proxy.mjs', settings: 'its own server and fetch, bytes passed on' },
    program: join(peers, '@oven', 'bun-linux-x64', 'bin', 'bun'),
    flags: null,
  },
]

const versionOf = ({ program }: Runtime): string | null => {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  return status === 0 ? stdout.trim() : null
}
const absent = 'npm ci --prefix bench/peers --ignore-scripts was not run, or this is no Linux on x64'

/** A launcher of the relay: the commands that ask it are those of the relay's own engine. */
const launcherFor = async (program: string, flags: readonly string[], folder: string): Promise<string> => {
  const file = join(folder, 'relay')
  const words = [program, ...flags, join(checkout, 'bin', 'guard.mjs')].map((word) => `'${word}'`).join(' ')
  await writeFile(file, `#!/bin/sh\nexec ${words} "$@"\n`)
  await chmod(file, 0o755)
  return file
}

/** The bare proxy on each of them, and the relay where it runs. */
export const onOtherRuntimes: readonly Gateway[] = otherRuntimes.flatMap((runtime) => {
  const { name, proxy, program, flags } = runtime
  const shared = { version: () => versionOf(runtime), absent }
  const bare = { ...bareNodeOn(program, proxy), ...shared, name: `bare on ${name}` }
  if (flags === null) return [bare]
  const start: Gateway['start'] = async (place) =>
    openRelay(everything, {
      config: configOf(everything, place),
      folder: place.folder,
      program: await launcherFor(program, flags, place.folder),
    })
  return [bare, { ...shared, name: `drover on ${name}`, settings: everything.settings, start }]
})
