/** The last thing before it listens: a server that would let in somebody without a credential does not serve. */

import { reachOf } from '#admin/reach.ts'
import { Problem } from '#base/problem.ts'
import type { Endpoint } from '#http/endpoint.ts'
import { unlockedDoors } from '#http/locked-doors.ts'
import type { Handling, Served } from './handling.ts'
import type { Machine } from './machine.ts'

/** Its exchanges are carried out as they will be, but that no record is kept. */
export type Tables = Handling & {
  readonly calls: readonly Endpoint<Served>[]
  readonly watching: readonly Endpoint<Served>[]
  readonly administration: readonly Endpoint<Served>[]
  /** Pages that everybody may look at. */
  readonly pages: readonly Endpoint<Served>[]
}

/** Notices of payments prove themselves by a signature; what is not relayed only says so. */
const openKinds: ReadonlySet<Served['kind']> = new Set(['openapi', 'refused', 'payment_notice', 'payment_return'])

/** @throws Problem `conflict` naming what would answer without a credential. */
export const checkDoors = async (
  { clock, ids }: Pick<Machine, 'clock' | 'ids'>,
  { calls, watching, administration, pages, handle, handleSocket }: Tables,
): Promise<void> => {
  const isOpen = (endpoint: Endpoint<Served>): boolean => {
    const { value, path } = endpoint
    if (value.kind === 'operation') return reachOf(value.operation) === 'everybody'
    return openKinds.has(value.kind) || pages.includes(endpoint) || path.startsWith('/health/')
  }
  const endpoints = [...calls, ...watching, ...administration]
  const unlocked = await unlockedDoors({ endpoints, handle, handleSocket, isOpen }, { clock, ids })
  if (unlocked.length === 0) return
  throw new Problem('conflict', {
    message: `This server does not start: without a credential it would let anybody in at ${unlocked.slice(0, 10).join(', ')}. This is a fault of Drover's, or of a change to it: go back to the version before, and report it.`,
  })
}
