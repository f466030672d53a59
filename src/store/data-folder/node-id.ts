/** The name of the node that this data folder is: the same after every restart, so that it finds what it left with others. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ids } from '#base/id.ts'
import { folderProblem } from './folder-problem.ts'

const form = /^node_[0-9a-f]{12}$/

/**
 * What `<data>/node.id` says; made where there is none, or none that can be read.
 * @throws Problem `store_unavailable` where the folder cannot be used.
 */
export const loadNodeId = (folder: string, ids: Ids): string => {
  const file = join(folder, 'node.id')
  try {
    const known = readFileSync(file, 'utf8').trim()
    if (form.test(known)) return known
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw folderProblem(folder, error)
  }
  const made = `node_${Buffer.from(ids.bytes(6)).toString('hex')}`
  try {
    writeFileSync(file, `${made}\n`, { mode: 0o600, flush: true })
  } catch (error) {
    throw folderProblem(folder, error)
  }
  return made
}
