/** Types of columns, as both dialects read and write them. */

import type { ColumnType } from 'kysely'

/** 64-bit integer: times in milliseconds, money in nano-USD, counts. Drivers are told to read it as `bigint`. */
export type Whole = ColumnType<bigint, bigint | number, bigint | number>
export type WholeOrNull = ColumnType<bigint | null, bigint | number | null, bigint | number | null>
/** Where it is not given, the database writes 0. */
export type WholeOrZero = ColumnType<bigint, bigint | number | undefined, bigint | number>
/** 0 or 1: SQLite has no boolean, so neither have we. */
export type Flag = ColumnType<bigint, 0 | 1, 0 | 1>
/** Given by the database. */
export type Sequence = ColumnType<bigint, never, never>
/** A list or an object as JSON text; money inside is a decimal string. */
export type JsonText = string
