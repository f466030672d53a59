/**
 * `npm run torture -- --minutes 10 [--seed 1] [--partitions]`: a relay under load of every kind (honest, slow, leaving, malformed) behind a provider of which
 * every fifth answer goes wrong; in each round something happens to it besides: kill -9, SIGTERM, a full disk (where this user may mount one),
 * a wall clock that jumps by an hour or a day and back, or nothing. With `--partitions` (root, Postgres) also nodes that are cut from their store. After each round the books must be sound, nothing held, nothing below zero, no rejection unhandled. Between them simulated hours and
 * requests changed by chance, each under a seed of its own. A line of JSON for each; exit 1 at the end where anything did not hold, with the seed.
 */

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { makeChance } from '../e2e/chance.ts'
import { checkout, makeFolder, removeFolder } from '../e2e/harness.ts'
import type { Tally } from './callers.ts'
import { load } from './callers.ts'
import type { Stage } from './stage.ts'
import { openStage } from './stage.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    partitions: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const chance = makeChance(seed)
const endMs = performance.now() + Number(values.minutes) * 60_000
const atOnce = 12
const recoveredWithinMs = 10_000

type Round = {
  readonly kind: string
  readonly tally?: Tally
  readonly problems: readonly string[]
  readonly note?: string
}

const tell = (number: number, round: Round): void =>
  void process.stdout.write(`${JSON.stringify({ round: number, ...round })}\n`)

/** Load, and in the middle of it something else; then the books. */
const underLoad = async (stage: Stage, kind: string, happens: () => Promise<readonly string[]>): Promise<Round> => {
  const relay = stage.relay()
  let over = false
  const loading = load({ url: relay.url, port: relay.port, key: stage.key, chance }, { atOnce, isOver: () => over })
  await wait(1500 + chance() * 2500)
  const told = await happens()
  over = true
  const tally = await loading
  return { kind, tally, problems: [...told, ...(await stage.problems())] }
}

const kill = async (stage: Stage): Promise<readonly string[]> => {
  await stage.relay().kill()
  await stage.restart()
  return []
}

const end = async (stage: Stage): Promise<readonly string[]> => {
  stage.relay().terminate()
  const { code } = await stage.relay().ended
  await stage.restart()
  return code === 0 ? [] : [`SIGTERM ended with ${code}`]
}

/** Writes until nothing fits any more, waits a while, and gives the room back. */
const fillDisk = async (stage: Stage): Promise<readonly string[]> => {
  const file = join(stage.relay().folder, 'filler')
  const piece = Buffer.alloc(1024 * 1024)
  try {
    for (let most = 0; most < 512; most += 1) writeFileSync(file, piece, { flag: 'a' })
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'ENOSPC') throw fault
  }
  await wait(2000)
  rmSync(file)
  const begunMs = performance.now()
  for (;;) {
    const { status } = await fetch(`${stage.relay().url}/health/readiness`).catch(() => ({ status: 0 }))
    if (status === 200) return []
    if (performance.now() - begunMs > recoveredWithinMs)
      return [`with room again it was not ready for ${recoveredWithinMs} ms`]
    await wait(50)
  }
}

const hourMs = 3_600_000
const jumps = [-24 * hourMs, -hourMs, hourMs, 24 * hourMs] as const

/** The wall clock of the relay jumps under load, stays wrong for a while, and jumps back; a probe must be answered all along. */
const jumpClock = async (stage: Stage): Promise<readonly string[]> => {
  const byMs = jumps[Math.floor(chance() * jumps.length)] ?? hourMs
  writeFileSync(wrongClock, String(byMs))
  await wait(1500 + chance() * 2500)
  const { status } = await fetch(`${stage.relay().url}/health/liveness`).catch(() => ({ status: 0 }))
  writeFileSync(wrongClock, '0')
  await wait(500)
  return status === 200 ? [] : [`while its clock was wrong by ${byMs / hourMs} h liveness said ${status}`]
}

const program = (kind: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Round => {
  const { status, stderr, stdout } = spawnSync(process.execPath, parameters, {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { kind, note: parameters.join(' '), problems: status === 0 ? [] : [`${stdout}${stderr}`.slice(-2000)] }
}

const folder = await makeFolder()
const wrongClock = join(folder, 'wrong-clock')
writeFileSync(wrongClock, '0')
await using stage = await openStage({
  chance,
  faultShare: 0.2,
  ownDisk: true,
  env: {
    DROVER_WRONG_CLOCK: wrongClock,
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'wrong-clock.ts')).href}`,
  },
})
/** Nodes that are cut from their store, in namespaces of their own: a program of its own, where this user may make them. */
const namespaces = spawnSync('unshare', ['--net', 'true']).status === 0 && spawnSync('ip', ['-V']).status === 0
if (!namespaces)
  process.stderr.write('no partitions: this user, or this kernel, makes no network namespaces (unshare, ip)\n')
const kinds: readonly (() => Promise<Round>)[] = [
  () => underLoad(stage, 'kill -9', () => kill(stage)),
  () => underLoad(stage, 'SIGTERM', () => end(stage)),
  () => underLoad(stage, 'nothing besides', async () => []),
  ...(stage.isOwnDisk ? [() => underLoad(stage, 'full disk', () => fillDisk(stage))] : []),
  () => underLoad(stage, 'clock jump', () => jumpClock(stage)),
  ...(values.partitions && namespaces
    ? [async () => program('partitions', ['test/postgres/namespaces.ts'], { PATH: process.env['PATH'] })]
    : []),
  async () =>
    program('simulation', ['test/simulate/run.ts', '--seed', String(Math.floor(chance() * 1e6)), '--hours', '1']),
  async () =>
    program('changed requests', ['--test', 'test/fuzz/http/front.test.ts'], {
      DROVER_FUZZ_SEED: String(Math.floor(chance() * 1e6)),
    }),
]
let broken = 0
let rounds = 0
for (; performance.now() < endMs; rounds += 1) {
  const round = await (kinds[Math.floor(chance() * kinds.length)] as (typeof kinds)[number])()
  tell(rounds, round)
  if (round.problems.length > 0) broken += 1
}
process.stdout.write(`${JSON.stringify({ seed, rounds, broken, own_disk: stage.isOwnDisk, namespaces })}\n`)
if (broken > 0) process.stderr.write(`Again: npm run torture -- --minutes ${values.minutes} --seed ${seed}\n`)
await removeFolder(folder)
process.exitCode = rounds > 0 && broken === 0 ? 0 : 1
