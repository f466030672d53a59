/**
 * `npm run torture -- --minutes 10 [--seed 1]`: a relay under load of every kind (honest, slow, leaving, malformed) behind a provider of which
 * every fifth answer goes wrong; in each round something happens to it besides: kill -9, SIGTERM, a full disk (where this user may mount one),
 * or nothing. After each round the books must be sound, nothing held, nothing below zero, no rejection unhandled. Between them simulated hours and
 * requests changed by chance, each under a seed of its own. A line of JSON for each; exit 1 at the end where anything did not hold, with the seed.
 */

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeChance } from '../e2e/chance.ts'
import { checkout } from '../e2e/harness.ts'
import type { Tally } from './callers.ts'
import { load } from './callers.ts'
import type { Stage } from './stage.ts'
import { openStage } from './stage.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' } },
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

const program = (kind: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Round => {
  const { status, stderr, stdout } = spawnSync(process.execPath, parameters, {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { kind, note: parameters.join(' '), problems: status === 0 ? [] : [`${stdout}${stderr}`.slice(-2000)] }
}

await using stage = await openStage({ chance, faultShare: 0.2, ownDisk: true })
const kinds: readonly (() => Promise<Round>)[] = [
  () => underLoad(stage, 'kill -9', () => kill(stage)),
  () => underLoad(stage, 'SIGTERM', () => end(stage)),
  () => underLoad(stage, 'nothing besides', async () => []),
  ...(stage.isOwnDisk ? [() => underLoad(stage, 'full disk', () => fillDisk(stage))] : []),
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
process.stdout.write(`${JSON.stringify({ seed, rounds, broken, own_disk: stage.isOwnDisk })}\n`)
if (broken > 0) process.stderr.write(`Again: npm run torture -- --minutes ${values.minutes} --seed ${seed}\n`)
process.exitCode = rounds > 0 && broken === 0 ? 0 : 1
