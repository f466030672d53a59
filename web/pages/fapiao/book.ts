/** What the fapiao of an account are here. */

import type { Output } from '#actions/contract.ts'

export type Book = Output<'fapiao show'>
