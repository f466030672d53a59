/** The Redis that limits are counted in, asked by a command. */

import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { RedisFacts } from '#cli/ports.ts'
import type { RedisConfig } from '#config/config.ts'
import { openRedis } from '#store/redis/connection.ts'
import { makeRedisCounter } from '#store/redis/counter.ts'
import type { Machine } from './machine.ts'

const answerTimeoutMs = 3000
const askEveryMs = 50

const fieldOf = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}:(.+?)\\s*$`, 'm').exec(text)?.[1]

/** Has one counting trip done. @throws Problem `store_unavailable` with what was in the way. */
export const askRedis = async ({ clock }: Machine, redis: RedisConfig): Promise<RedisFacts> => {
  const connection = openRedis({ ...redis, password: redis.password?.reveal() ?? null }, silentLog)
  const counter = makeRedisCounter({ runner: connection, prefix: redis.prefix })
  const wait = (waitMs: number): Promise<'late'> => new Promise((resolve) => clock.after(waitMs, () => resolve('late')))
  const late = wait(answerTimeoutMs)
  const facts = async (): Promise<RedisFacts> => {
    const text = await connection.inform(`${redis.prefix}:ask`)
    const sentMs = clock.monotonicMs()
    await counter.ask()
    const tripMs = clock.monotonicMs() - sentMs
    const valkey = fieldOf(text, 'valkey_version')
    const server = valkey === undefined ? `Redis ${fieldOf(text, 'redis_version') ?? '(unknown)'}` : `Valkey ${valkey}`
    return { server, whenFull: fieldOf(text, 'maxmemory_policy') ?? 'noeviction', tripMs }
  }
  try {
    const untilMs = clock.monotonicMs() + answerTimeoutMs
    for (;;) {
      try {
        await Promise.race([counter.ask(), late])
        const found = await Promise.race([facts(), late])
        if (found !== 'late') return found
        throw new Error('it does not answer')
      } catch (thrown) {
        if (clock.monotonicMs() >= untilMs - askEveryMs)
          throw new Problem('store_unavailable', { message: thrown instanceof Error ? thrown.message : String(thrown) })
        await wait(askEveryMs)
      }
    }
  } finally {
    connection.close()
  }
}
