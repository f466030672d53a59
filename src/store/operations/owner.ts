/** Whose rows are meant: a process names itself by its node and what tells it from the node's other processes. */

import type { SqlBool } from 'kysely'
import { sql } from 'kysely'

/** Rows of owners whose names begin so; of all of them where it is empty. */
export const ownedBy = (prefix: string) => sql<SqlBool>`substr(owner, 1, ${prefix.length}) = ${prefix}`
