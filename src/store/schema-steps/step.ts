/** A step of the schema: from one shape of the store to the next, and back. */

import type { CreateTableBuilder, Kysely } from 'kysely'
import { sql } from 'kysely'

export type DialectName = 'sqlite' | 'postgres'

/** Steps see tables as they were at their time, so no present-day table type holds for them. */
export type StepDatabase = Kysely<Record<string, Record<string, unknown>>>

export type SchemaStep = {
  /** From 1, rising along the list; numbers may be left out. */
  readonly number: number
  readonly name: string
  /**
   * It only adds: a Drover that does not know it works on a store that has it, so that nodes are replaced one by one, and the program
   * can go back while the store stays. Whoever says so takes nothing away that was there, and asks for nothing that is new.
   */
  readonly isAddition?: boolean
  readonly forward: (database: StepDatabase, dialect: DialectName) => Promise<void>
  /** Undoes `forward`, keeping the rows of all that was there before it. */
  readonly back: (database: StepDatabase, dialect: DialectName) => Promise<void>
}

/** Column types that differ between the dialects. */
export const columnTypes = (dialect: DialectName) =>
  ({
    // Texts are in the order of their bytes, as SQLite has them, whatever the language of the database: pages rely on it.
    text: dialect === 'sqlite' ? ('text' as const) : sql`text collate "C"`,
    whole: dialect === 'sqlite' ? 'integer' : 'bigint',
    real: dialect === 'sqlite' ? 'real' : 'double precision',
    bytes: dialect === 'sqlite' ? 'blob' : 'bytea',
  }) as const

/** SQLite's tables are strict, so that it refuses a text in a column of numbers as Postgres does. */
export const finished = <T extends string, C extends string>(
  table: CreateTableBuilder<T, C>,
  dialect: DialectName,
): CreateTableBuilder<T, C> => (dialect === 'sqlite' ? table.modifyEnd(sql`strict`) : table)
