/** How a group writes its probes down: only what is its own. */

import type { Probe, Remedy, Round } from '#probe/probe.ts'

type Own = Pick<Probe, 'id' | 'title' | 'level' | 'rule' | 'remedy' | 'judge'>

export type Written = Own & { readonly ask: Round | readonly Round[] } & Partial<Omit<Probe, keyof Own | 'rounds'>>

/** The probes of one group. */
export const groupOf = (
  shared: Pick<Probe, 'group'> & Partial<Pick<Probe, 'wire' | 'modes' | 'dependents'>>,
  written: readonly Written[],
): readonly Probe[] =>
  written.map(({ ask, ...own }) => ({
    wire: 'openai',
    modes: ['plain'],
    known: [],
    dependents: 'every',
    ...shared,
    ...own,
    rounds: typeof ask === 'function' ? [ask] : ask,
  }))

/** The relay repairs it on the way, by a shim that the vendor declares. */
export const shim = (how: string): Remedy => ({ by: 'shim', how })
/** The relay does it itself, whatever the endpoint does. */
export const relay = (how: string): Remedy => ({ by: 'relay', how })
/** Only the calling code can change it. */
export const client = (how: string): Remedy => ({ by: 'client', how })
/** Nobody can, but the vendor. */
export const impossible = (how: string): Remedy => ({ by: 'impossible', how })
