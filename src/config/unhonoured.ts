/** Settings that are understood and kept, but that this version does not act on yet: said at every start, never passed over. */

import type { Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

/** Tells each of them that the file really sets. */
export const warnUnhonoured = (settings: Settings, warn: Tell): void => {
  for (const [id, { route }] of Object.entries(settings.models ?? {})) {
    if (route.strategy === 'least_latency' || route.strategy === 'cheapest')
      warn(
        ['models', id, 'route', 'strategy'],
        `'${route.strategy}' is not available yet; targets are chosen by weight`,
      )
    if (route.hedge_after !== 'off')
      warn(['models', id, 'route', 'hedge_after'], 'hedging is not available yet; one target is asked at a time')
  }
  if (settings.retention !== undefined)
    warn(['retention'], 'nothing is deleted yet; calls and bodies are kept until a later version does it')
}
