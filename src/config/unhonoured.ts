/** Settings that are understood and kept, but that this version does not act on yet: said at every start, never passed over. */

import type { Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

/** Tells each of them that the file really sets. */
export const warnUnhonoured = (settings: Settings, warn: Tell): void => {
  if (settings.retention !== undefined)
    warn(['retention'], 'nothing is deleted yet; calls and bodies are kept until a later version does it')
}
