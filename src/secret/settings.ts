/** What can be configured about secrets: the block `secrets`. */

import { z } from 'zod'
import { reference } from '#base/settings.ts'

/** The server key, given as text, has at least this many characters. */
export const secretKeyLengthMin = 32

/** The block `secrets`. */
export const secretSettings = z
  .strictObject({
    key: reference()
      .optional()
      .describe(
        'The key that credentials in the store are encrypted with and key digests are made with: 32 characters or more, or `hex:` and the digits of a `secret.key` that was made before. Absent: made once at `<data>/secret.key`.',
      ),
  })
  .describe("The server's own key.")
