/** Check of the Redis that several nodes count their limits in. */

import type { CommandLinePorts } from '#cli/ports.ts'
import type { RedisConfig } from '#config/config.ts'
import type { Finding } from './check.ts'
import { fail, ok, warn } from './check.ts'

/** From this part of what a call waits on, a trip is slow: a moment of load would make every node count by itself. */
const slowPart = 0.5

/** Whether it counts, how soon, and whether it forgets what it counted; nothing where limits are not counted together. */
export const checkRedis = async (
  redis: RedisConfig | null,
  { askRedis }: Pick<CommandLinePorts, 'askRedis'>,
): Promise<readonly Finding[]> => {
  if (redis === null) return []
  const words = { id: 'redis', title: 'Redis' }
  const places = redis.places.map(({ host, port }) => `${host}:${port}`).join(', ')
  try {
    const { server, whenFull, tripMs } = await askRedis(redis)
    const detail = `${server} at ${places} counts, in ${tripMs.toFixed(1)} ms`
    if (whenFull !== 'noeviction')
      return [
        warn({
          ...words,
          detail: `${detail}; when its memory is full it forgets counts (maxmemory-policy ${whenFull})`,
          mend: 'Set "maxmemory-policy noeviction", or give limits a Redis of their own: a count that is forgotten begins anew.',
        }),
      ]
    if (tripMs < redis.waitMaxMs * slowPart) return [ok({ ...words, detail })]
    return [
      warn({
        ...words,
        detail: `${detail}, and calls wait ${redis.waitMaxMs} ms at the most`,
        mend: 'Put it nearer to the nodes, or raise cluster.redis.wait_max.',
      }),
    ]
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    return [
      fail({
        ...words,
        detail: `${places} does not count: ${why}`,
        mend: 'Start it, mend the address, user or password in cluster.redis, or give its user what docs/operate/nodes.md lists. Until then each node enforces its share.',
      }),
    ]
  }
}
