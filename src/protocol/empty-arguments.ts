/** Calls of tools that take nothing: some formats say nothing then, and clients of the others read what is said as JSON. */

import type { Part } from './part.ts'

/** Puts the empty object where a call of a function ends of which nothing was said. Pure but for the calls that are open. */
export const emptyArguments = (): ((part: Part) => readonly Part[]) => {
  const silent = new Set<string>()
  return (part) => {
    if (part.type === 'tool-input-start') {
      if (part.kind === 'function' && part.executor === 'caller') silent.add(`${part.choice}/${part.block}`)
      return [part]
    }
    if (part.type !== 'tool-input-delta' && part.type !== 'tool-input-end') return [part]
    const { choice, block } = part
    const wasSilent = silent.delete(`${choice}/${block}`)
    return part.type === 'tool-input-end' && wasSilent
      ? [{ type: 'tool-input-delta', choice, block, text: '{}' }, part]
      : [part]
  }
}
