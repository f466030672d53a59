/** Which migration an operation is about. */

import { z } from 'zod'

/** The field of its name. */
export const migrationNameField = () => z.string().min(1).max(64).describe('The name of the migration.')
