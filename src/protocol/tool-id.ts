/** Ids of tool calls in the form that a format demands: renamed so that the name can be taken back. */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'

export type ToolIdForm = {
  readonly fits: RegExp
  readonly lengthMax: number
}

const prefix = 'dr_'

/**
 * The id itself where it fits. Else its base64url behind `dr_`, which `originalToolId` takes back; where that is too long, a
 * digest: the same for a call and its result, which is all that a provider compares.
 */
export const fitToolId = (id: string, { fits, lengthMax }: ToolIdForm): string => {
  if (fits.test(id) && id.length <= lengthMax && !id.startsWith(prefix)) return id
  const renamed = `${prefix}${Buffer.from(id).toString('base64url')}`
  if (renamed.length <= lengthMax) return renamed
  return createHash('sha256').update(id).digest('hex').slice(0, Math.min(32, lengthMax))
}

/** The id before it was renamed. */
export const originalToolId = (id: string): string => {
  if (!id.startsWith(prefix)) return id
  const original = Buffer.from(id.slice(prefix.length), 'base64url').toString('utf8')
  return `${prefix}${Buffer.from(original).toString('base64url')}` === id ? original : id
}
