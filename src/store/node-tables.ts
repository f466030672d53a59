/** What several nodes need. The first two tables are on Postgres only; their times are the server's clock, in milliseconds. */

import type { Whole } from './column.ts'

/** A node as it was last heard. */
export type NodeTable = {
  id: string
  boot: string
  url: string | null
  version: string
  digest: string | null
  started_ms: Whole
  heard_ms: Whole
}

export type MandateTable = { name: string; holder: string; term: Whole; until_ms: Whole }

/** A call that a node answers for, in the embedded store beside its data. */
export type JournalCallTable = { call: string; body: string }
