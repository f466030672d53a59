/** Where limits are counted: in memory, by shares of several nodes, or together in Redis. */

import { healthSays } from '#base/health-sentences.ts'
import type { Log } from '#base/log.ts'
import type { Sentence } from '#base/sentence.ts'
import type { Config, RedisConfig } from '#config/config.ts'
import type { Check } from '#observe/health.ts'
import type { LimitFigures } from '#observe/limit-meters.ts'
import { JointLimits } from '#policy/joint/limits.ts'
import type { Limiter } from '#policy/port.ts'
import type { Membership } from './cluster.ts'
import type { Machine } from './machine.ts'

export type NodeLimits = {
  readonly limiter: Limiter
  readonly checks: () => readonly Check[]
  readonly warnings: () => readonly Sentence[]
  /** `null` = they are counted by this node alone. */
  readonly figures: () => LimitFigures | null
}

type Opening = { readonly config: Config; readonly member: Membership; readonly log: Log }

const placesText = ({ places }: RedisConfig): string => places.map(({ host, port }) => `${host}:${port}`).join(', ')

const openJoint = async (
  { clock }: Machine,
  { redis, member, shares, log }: Omit<Opening, 'config'> & { readonly redis: RedisConfig; readonly shares: Limiter },
  closing: AsyncDisposableStack,
): Promise<NodeLimits> => {
  const { openRedis } = await import('#store/redis/connection.ts')
  const { makeRedisCounter } = await import('#store/redis/counter.ts')
  const connection = openRedis({ ...redis, password: redis.password?.reveal() ?? null }, log)
  closing.defer(() => connection.close())
  const counter = makeRedisCounter({ runner: connection, prefix: redis.prefix })
  const { nodes, owner } = member
  const limits = new JointLimits({ counter, shares, nodes, owner, tripMaxMs: redis.waitMaxMs, clock, log })
  closing.defer(() => limits.close())
  await limits.begin()
  const away = (): Sentence | null => {
    const trouble = limits.trouble()
    if (trouble === null) return null
    return healthSays('redis_away', {
      places: placesText(redis),
      for_ms: clock.monotonicMs() - trouble.sinceMs,
      problem: trouble.why,
      nodes: nodes(),
    })
  }
  return {
    limiter: limits,
    // Without Redis calls are served all the same: a balancer has no reason to pass this node by.
    checks: () => [{ name: 'redis', ok: true, detail: away() }],
    warnings: () => {
      const said = away()
      return said === null ? [] : [said]
    },
    figures: () => ({ ...limits.figures(), together: limits.trouble() === null }),
  }
}

/** What is opened is closed by `closing`, after the calls have ended. */
export const openLimits = async (
  machine: Machine,
  { config, member, log }: Opening,
  closing: AsyncDisposableStack,
): Promise<NodeLimits> => {
  const shares = member.limiter
  const { redis } = config.cluster
  if (redis !== null) return openJoint(machine, { redis, member, shares, log }, closing)
  return { limiter: shares, checks: () => [], warnings: () => [], figures: () => null }
}
